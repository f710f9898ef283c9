using CachingProxy.Core.Messages;

namespace CachingProxy.Sqlite;

/// <summary>Content in the file. No statement is open while a client is slow.</summary>
internal sealed class SqliteBody(SqliteStore store, long entry, long serial, long length) : ChunkedBody(length, SqliteTables.ChunkBytes)
{
    /// <inheritdoc/>
    protected override ValueTask<byte[]?> ReadChunkAsync(int number) => store.ReadAsync(reader => reader.FindChunk(entry, serial, number));
}
