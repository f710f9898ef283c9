using Microsoft.Extensions.Logging;

namespace CachingProxy.Sqlite;

/// <summary>Every message of this tier.</summary>
internal static partial class Log
{
    [LoggerMessage(200, LogLevel.Warning, "The file {Path} cannot be used ({Code}): {Reason} The proxy goes on without it")]
    public static partial void Unusable(ILogger logger, string path, int code, string reason);

    [LoggerMessage(201, LogLevel.Warning, "The file {Path} is damaged ({Reason}); it is set aside as {Aside}, and a new one begun")]
    public static partial void SetAside(ILogger logger, string path, string reason, string aside);

    [LoggerMessage(202, LogLevel.Warning, "Writing to {Path} failed ({Code}): {Reason} No new entries are written for {Pause}")]
    public static partial void WritingFailed(ILogger logger, string path, int code, string reason, TimeSpan pause);

    [LoggerMessage(203, LogLevel.Warning, "Reading from {Path} failed ({Code}): {Reason}")]
    public static partial void ReadingFailed(ILogger logger, string path, int code, string reason);

    [LoggerMessage(
        204,
        LogLevel.Warning,
        "The file {Path} was written by another version of the proxy; it is emptied, and the cache fills again"
    )]
    public static partial void Emptied(ILogger logger, string path);
}
