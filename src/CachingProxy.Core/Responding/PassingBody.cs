using System.Buffers;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Responding;

/// <summary>
/// Content that is not kept: it passes from the origin to one client, at that client's pace, each piece as it arrives.
/// </summary>
internal sealed class PassingBody(OriginResponse response) : ResponseBody
{
    private const int BufferBytes = 32 * 1024;

    private byte[]? _buffer;

    /// <inheritdoc/>
    public override long? Length => response.ContentLength;

    /// <inheritdoc/>
    public override FieldList Trailers => response.Trailers();

    /// <inheritdoc/>
    public override async ValueTask<ReadOnlyMemory<byte>> ReadAsync(long offset, CancellationToken cancellation)
    {
        _buffer ??= ArrayPool<byte>.Shared.Rent(BufferBytes);
        var read = await response.Body.ReadAsync(_buffer, cancellation);
        if (read == 0)
        {
            // Return the buffer only here: after a read that failed, the connection might still write into it.
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = null;
            return default;
        }

        return _buffer.AsMemory(0, read);
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => response.DisposeAsync();
}
