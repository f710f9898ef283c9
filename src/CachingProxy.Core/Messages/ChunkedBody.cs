using System.IO.Pipelines;

namespace CachingProxy.Core.Messages;

/// <summary>
/// Content that a store keeps in chunks, read one by one as it is sent, the next one while a client takes the last. Any number of requests
/// share it.
/// </summary>
/// <param name="length">How long it is, in bytes.</param>
/// <param name="chunkBytes">How long each chunk is; the last one is what is left.</param>
public abstract class ChunkedBody(long length, int chunkBytes) : ResponseBody
{
    /// <inheritdoc/>
    public override long? Length => length;

    /// <inheritdoc/>
    public override bool CanBeSliced => true;

    /// <inheritdoc/>
    public override ValueTask CopyToAsync(PipeWriter destination, CancellationToken clientGone) => CopyRangeToAsync(destination, 0, length, clientGone);

    /// <inheritdoc/>
    public override async ValueTask CopyRangeToAsync(PipeWriter destination, long offset, long length, CancellationToken clientGone)
    {
        ArgumentNullException.ThrowIfNull(destination);
        var next = ReadAsync(offset).AsTask();
        try
        {
            while (length > 0)
            {
                var chunk = await next;
                var skipped = (int)(offset % chunkBytes);
                var piece = chunk.AsMemory(skipped, (int)Math.Min(length, chunk.Length - skipped));
                offset += piece.Length;
                length -= piece.Length;
                next = length > 0 ? ReadAsync(offset).AsTask() : next;
                EnsureTaken(await destination.WriteAsync(piece, clientGone), clientGone);
            }
        }
        finally
        {
            // The chunk after the last one that a client took; whatever becomes of it is nobody's concern any more.
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// A chunk, counted from 0; null where it is not there any more, or damaged. Nothing may stay open between two of them.
    /// </summary>
    protected abstract ValueTask<byte[]?> ReadChunkAsync(int number);

    private async ValueTask<byte[]> ReadAsync(long offset)
    {
        var number = (int)(offset / chunkBytes);
        var expected = Math.Min(chunkBytes, length - ((long)number * chunkBytes));
        return await ReadChunkAsync(number) is { } chunk && chunk.Length == expected
            ? chunk
            : throw new OriginException(OriginError.Truncated, "The stored content is not there any more, or damaged.");
    }
}
