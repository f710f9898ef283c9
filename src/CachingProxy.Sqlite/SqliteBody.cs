using System.IO.Pipelines;
using CachingProxy.Core.Fetching;
using CachingProxy.Core.Responding;

namespace CachingProxy.Sqlite;

/// <summary>
/// Content in the file, read piece by piece as it is sent. No statement is open while a client is slow. Any number of requests share it.
/// </summary>
internal sealed class SqliteBody(SqliteStore store, long entry, long length) : ResponseBody
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
        while (length > 0)
        {
            var chunk = await store.ReadAsync(reader => reader.FindChunk(entry, (int)(offset / SqliteTables.ChunkBytes)))
                ?? throw new OriginException(OriginError.Truncated, "The stored content was removed, or is damaged.");
            var skipped = (int)(offset % SqliteTables.ChunkBytes);
            var piece = chunk.AsMemory(skipped, (int)Math.Min(length, chunk.Length - skipped));
            var flushed = await destination.WriteAsync(piece, clientGone);
            if (flushed.IsCompleted || flushed.IsCanceled)
            {
                throw new OperationCanceledException("The client has gone.", clientGone);
            }

            offset += piece.Length;
            length -= piece.Length;
        }
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
