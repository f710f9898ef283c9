using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Stores;

namespace CachingProxy.Sqlite;

/// <summary>
/// Queues the content of one entry: small content as a whole, larger content chunk by chunk as it comes. For one caller at a time.
/// </summary>
internal sealed class SqliteEntryWriter(SqliteStore store, SqliteWriter writer, CacheEntry entry, long id) : EntryWriter
{
    private readonly PendingContent _pending = new();
    private long _length;
    private int _chunks;
    private bool _isDropped;
    private bool _isComplete;

    /// <inheritdoc/>
    public override void Append(ReadOnlyMemory<byte> content)
    {
        _length += content.Length;
        if (_isDropped || content.IsEmpty)
        {
            return;
        }

        _pending.Add(content);
        while (!_isDropped && _length > SqliteTables.MaxInlineBytes && _pending.Length >= SqliteTables.ChunkBytes)
        {
            QueueChunk(SqliteTables.ChunkBytes);
        }
    }

    /// <inheritdoc/>
    public override ValueTask<CacheEntry> CompleteAsync()
    {
        if (!_isDropped && _length > SqliteTables.MaxInlineBytes && _pending.Length > 0)
        {
            QueueChunk((int)_pending.Length);
        }

        var stored = entry with { Body = new SqliteBody(store, id, entry.Serial, _length) };
        if (_isDropped)
        {
            return new(stored);
        }

        var body = _length <= SqliteTables.MaxInlineBytes ? _pending.Take((int)_length) : null;
        _isComplete = writer.TryQueue(body?.Length ?? 0, tables => tables.Insert(id, entry, body, _length, store.Now));
        _isDropped = !_isComplete;
        return new(body is null ? stored : entry with { Body = ResponseBody.InMemory(body) });
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (!_isComplete && _chunks > 0)
        {
            writer.Queue(tables => tables.DeleteChunks(id));
        }

        _pending.Clear();
        await base.DisposeAsync();
    }

    private void QueueChunk(int bytes)
    {
        var (chunk, number) = (_pending.Take(bytes), _chunks++);
        _isDropped = !writer.TryQueue(bytes, tables => tables.InsertChunk(id, entry.Serial, number, chunk));
        if (_isDropped)
        {
            _pending.Clear();
        }
    }
}
