namespace CachingProxy.Telemetry;

/// <summary>The file of the access log cannot be written.</summary>
/// <param name="path">The file.</param>
/// <param name="cause">The reason.</param>
internal sealed class LogFileException(string path, Exception cause)
    : Exception($"the access log cannot be written: {cause.Message.TrimEnd('.')} (--access-log-file is '{path}').", cause);
