using System.IO.Pipelines;
using CachingProxy.Core.Fetching;
using CachingProxy.Core.Responding;

namespace CachingProxy.Redis;

/// <summary>Content in Redis, read chunk by chunk as it is sent, the next one while a client takes the last. Any number of requests share it.</summary>
internal sealed class RedisBody(RedisStore store, long serial, long length) : ResponseBody
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
        while (length > 0)
        {
            var chunk = await next;
            var skipped = (int)(offset % RedisStore.ChunkBytes);
            var piece = chunk.AsMemory(skipped, (int)Math.Min(length, chunk.Length - skipped));
            offset += piece.Length;
            length -= piece.Length;
            next = length > 0 ? ReadAsync(offset).AsTask() : next;
            var flushed = await destination.WriteAsync(piece, clientGone);
            if (flushed.IsCompleted || flushed.IsCanceled)
            {
                throw new OperationCanceledException("The client has gone.", clientGone);
            }
        }
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async ValueTask<byte[]> ReadAsync(long offset)
    {
        var number = (int)(offset / RedisStore.ChunkBytes);
        var expected = Math.Min(RedisStore.ChunkBytes, length - ((long)number * RedisStore.ChunkBytes));
        return await store.ReadChunkAsync(serial, number) is { } chunk && chunk.Length == expected
            ? chunk
            : throw new OriginException(OriginError.Truncated, "The stored content is not there any more.");
    }
}
