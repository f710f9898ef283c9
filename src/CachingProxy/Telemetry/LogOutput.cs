namespace CachingProxy.Telemetry;

/// <summary>
/// Takes the lines of the access log: standard output, or a file that is opened anew when somebody has moved it away. For one thread at a
/// time, but for <see cref="Reopen"/>.
/// </summary>
/// <param name="path">The file; null for standard output.</param>
internal sealed class LogOutput(string? path) : IDisposable
{
    private Stream? _stream;
    private volatile bool _isMoved;

    /// <summary>Opens the output, so that a fault shows at the start.</summary>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write the file.</exception>
    public void Open() => _stream ??= path is null ? StandardOutput() : Append(path);

    /// <summary>
    /// Marks the file to be opened anew before the next line, because the old file was renamed (logrotate). Safe for any thread.
    /// </summary>
    public void Reopen() => _isMoved = path is not null;

    /// <summary>Writes whole lines. Blocks until they are with the system.</summary>
    /// <exception cref="IOException">The lines could not be written; the next call opens the file anew.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write the file any more.</exception>
    public void Write(ReadOnlySpan<byte> lines)
    {
        if (_isMoved)
        {
            _isMoved = false;
            Close();
        }

        try
        {
            Open();
            _stream!.Write(lines);
            _stream.Flush();
        }
        catch
        {
            Close();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private void Close()
    {
        _stream?.Dispose();
        _stream = null;
    }

    // On Unix, Console writes to standard error and output under one lock: while one reader sleeps, the other would get nothing.
    private static Stream StandardOutput() => OperatingSystem.IsWindows() ? Console.OpenStandardOutput() : DescriptorStream.StandardOutput;

    private static Stream Append(string path) =>
        OperatingSystem.IsWindows()
            ? new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0)
            : DescriptorStream.Append(path);
}
