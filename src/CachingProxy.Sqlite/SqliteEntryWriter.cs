using CachingProxy.Core.Responding;
using CachingProxy.Core.Storing;

namespace CachingProxy.Sqlite;

/// <summary>Queues the content of one entry, small ones whole, others chunk by chunk as they come. For one caller at a time.</summary>
internal sealed class SqliteEntryWriter(SqliteStore store, SqliteWriter writer, CacheEntry entry, long id) : EntryWriter
{
    private readonly List<ReadOnlyMemory<byte>> _pending = [];
    private long _pendingBytes;
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
        _pendingBytes += content.Length;
        while (!_isDropped && _length > SqliteTables.MaxInlineBytes && _pendingBytes >= SqliteTables.ChunkBytes)
        {
            QueueChunk(SqliteTables.ChunkBytes);
        }
    }

    /// <inheritdoc/>
    public override ValueTask<CacheEntry> CompleteAsync()
    {
        if (!_isDropped && _length > SqliteTables.MaxInlineBytes && _pendingBytes > 0)
        {
            QueueChunk((int)_pendingBytes);
        }

        var stored = entry with { Body = new SqliteBody(store, id, _length) };
        if (_isDropped)
        {
            return new(stored);
        }

        var body = _length <= SqliteTables.MaxInlineBytes ? Take((int)_length) : null;
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
        var (chunk, number) = (Take(bytes), _chunks++);
        _isDropped = !writer.TryQueue(bytes, tables => tables.InsertChunk(id, number, chunk));
        if (_isDropped)
        {
            _pending.Clear();
        }
    }

    private byte[] Take(int bytes)
    {
        var taken = new byte[bytes];
        for (var filled = 0; filled < bytes;)
        {
            var piece = _pending[0];
            var count = Math.Min(piece.Length, bytes - filled);
            piece.Span[..count].CopyTo(taken.AsSpan(filled));
            filled += count;
            _pending[0] = piece[count..];
            if (_pending[0].IsEmpty)
            {
                _pending.RemoveAt(0);
            }
        }

        _pendingBytes -= bytes;
        return taken;
    }
}
