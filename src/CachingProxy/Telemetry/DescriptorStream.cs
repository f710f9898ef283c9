using System.Runtime.InteropServices;

namespace CachingProxy.Telemetry;

/// <summary>
/// Writes to the end of a file, or to whatever a descriptor leads to, on Unix. A FileStream remembers where it was: it would overwrite what
/// other programs have written since, and would leave a hole if the file was truncated. For one thread at a time.
/// </summary>
/// <param name="descriptor">The descriptor.</param>
/// <param name="ownsDescriptor">Whether the descriptor is closed with the stream.</param>
internal sealed partial class DescriptorStream(int descriptor, bool ownsDescriptor) : Stream
{
    private const int StandardOutputDescriptor = 1;
    private const int Interrupted = 4;
    private const int TryAgain = 11;
    private const int MacTryAgain = 35;
    private const int WriteOnly = 1;
    private const int OwnerWritesGroupReads = 0x1a0;

    // Values of fcntl.h, which differ between the systems.
    private static int AppendFlags => OperatingSystem.IsMacOS() ? WriteOnly | 0x8 | 0x200 | 0x1000000 : WriteOnly | 0x400 | 0x40 | 0x80000;

    /// <summary>Returns a stream to standard output, which stays open.</summary>
    public static DescriptorStream StandardOutput { get; } = new(StandardOutputDescriptor, ownsDescriptor: false);

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>
    /// Opens a file, or creates it (writable by its owner, readable by its group). Every write goes to the end of the file.
    /// </summary>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public static DescriptorStream Append(string path)
    {
        var descriptor = Open(path, AppendFlags, OwnerWritesGroupReads);
        return descriptor >= 0 ? new DescriptorStream(descriptor, ownsDescriptor: true) : throw Failure();
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var written = WriteSome(descriptor, buffer, buffer.Length);
            if (written >= 0)
            {
                buffer = buffer[(int)written..];
            }
            else if (Marshal.GetLastPInvokeError() is TryAgain or MacTryAgain)
            {
                // Another program has made the descriptor non-blocking. Waiting here is harmless, because only the log uses this thread.
                Thread.Yield();
            }
            else if (Marshal.GetLastPInvokeError() != Interrupted)
            {
                throw Failure();
            }
        }
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush() { }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (ownsDescriptor)
        {
            _ = Close(descriptor);
        }

        base.Dispose(disposing);
    }

    private static IOException Failure() => new(Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()));

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint WriteSome(int descriptor, ReadOnlySpan<byte> buffer, nint count);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
