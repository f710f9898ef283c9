using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Fetching;

/// <summary>One client's place in a growing body.</summary>
internal sealed class GrowingBodyReader(GrowingBody body, BodyChunk first) : ResponseBody
{
    // Null once this reader is cut off, so that it keeps no later chunk alive.
    private BodyChunk? _chunk = first;
    private long _chunkStart;
    private long _position;

    /// <summary>The number of bytes that the client has taken.</summary>
    public long Position => Volatile.Read(ref _position);

    /// <inheritdoc/>
    public override long? Length => body.AnnouncedLength;

    /// <inheritdoc/>
    public override FieldList Trailers => body.Trailers;

    /// <inheritdoc/>
    public override bool CanBeSkipped => body.AnnouncedLength is not null;

    /// <inheritdoc/>
    public override async ValueTask<ReadOnlyMemory<byte>> ReadAsync(long offset, CancellationToken cancellation)
    {
        if (offset != _position)
        {
            var isFirst = _position == 0;
            Volatile.Write(ref _position, offset);
            body.OnReaderMoved();
            if (isFirst)
            {
                // Let other clients get their first bytes before this client gets more.
                await Task.Yield();
            }
        }

        return await body.ReadAsync(this, cancellation);
    }

    /// <summary>Cuts this reader off because its client holds the others up: its next read fails.</summary>
    public void CutOff() => Volatile.Write(ref _chunk, null);

    /// <summary>Gets the bytes that have arrived beyond the position. Returns false if there are none yet.</summary>
    /// <exception cref="OriginException">This reader is cut off.</exception>
    public bool TryPeek(out ReadOnlyMemory<byte> bytes)
    {
        var chunk = Volatile.Read(ref _chunk);
        while (chunk is not null)
        {
            var offset = _position - _chunkStart;
            if (offset < chunk.Written)
            {
                bytes = chunk.WrittenFrom((int)offset);
                return true;
            }

            if (chunk.Next is not { } next)
            {
                bytes = default;
                return false;
            }

            // A chunk with a successor is full, but may have been filled after the comparison above: compare again.
            if (offset >= chunk.Written)
            {
                _chunkStart += chunk.Written;
                chunk = Interlocked.CompareExchange(ref _chunk, next, chunk) == chunk ? next : null;
            }
        }

        throw new OriginException(OriginError.Truncated, "The client held the others up for too long.");
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        body.Leave(this);
        return ValueTask.CompletedTask;
    }
}
