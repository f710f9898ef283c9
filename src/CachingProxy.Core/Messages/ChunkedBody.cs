namespace CachingProxy.Core.Messages;

/// <summary>
/// Content that a store keeps in chunks. The chunks are read one by one, as they are sent. Any number of requests share it.
/// </summary>
/// <param name="length">The length of the content, in bytes.</param>
/// <param name="chunkBytes">The length of each chunk, in bytes; the last chunk is the remainder.</param>
public abstract class ChunkedBody(long length, int chunkBytes) : ResponseBody
{
    /// <inheritdoc/>
    public override long? Length => length;

    /// <inheritdoc/>
    public override bool CanBeSliced => true;

    /// <inheritdoc/>
    public override async ValueTask<ReadOnlyMemory<byte>> ReadAsync(long offset, CancellationToken cancellation)
    {
        if (offset >= length)
        {
            return default;
        }

        var number = (int)(offset / chunkBytes);
        var chunkStart = (long)number * chunkBytes;
        var expected = Math.Min(chunkBytes, length - chunkStart);
        return await ReadChunkAsync(number) is { } chunk && chunk.Length == expected
            ? chunk.AsMemory((int)(offset - chunkStart))
            : throw new OriginException(OriginError.Truncated, "The stored content is not there any more, or damaged.");
    }

    /// <inheritdoc/>
    public override ResponseBody ReadAhead() => new ReadAheadBody(this);

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// Returns a chunk by its number, counted from 0; null if the chunk is missing or damaged. Nothing may stay open between two calls.
    /// </summary>
    protected abstract ValueTask<byte[]?> ReadChunkAsync(int number);
}
