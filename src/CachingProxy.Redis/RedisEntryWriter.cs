using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Stores;

namespace CachingProxy.Redis;

/// <summary>
/// Sends the content of one entry: small content with the head, larger content chunk by chunk as it comes. For one caller at a time.
/// </summary>
internal sealed class RedisEntryWriter(RedisStore store, CacheEntry entry) : EntryWriter
{
    private readonly PendingContent _pending = new();
    private long _length;
    private int _chunks;
    private Task<bool> _writing = Task.FromResult(true);

    /// <inheritdoc/>
    public override void Append(ReadOnlyMemory<byte> content)
    {
        if (content.IsEmpty)
        {
            return;
        }

        _length += content.Length;
        if (_length > RedisStore.MaxContentBytes)
        {
            // The content is over the limit: its length was not known when the writer was opened. No head is written for it.
            _pending.Clear();
            _writing = Task.FromResult(false);
            return;
        }

        _pending.Add(content);
        while (_length > RedisStore.ChunkBytes && _pending.Length >= RedisStore.ChunkBytes)
        {
            SendChunk(RedisStore.ChunkBytes);
        }
    }

    /// <inheritdoc/>
    public override ValueTask<CacheEntry> CompleteAsync()
    {
        if (_length > RedisStore.ChunkBytes && _pending.Length > 0)
        {
            SendChunk((int)_pending.Length);
        }

        var body = _length <= RedisStore.ChunkBytes ? _pending.Take((int)_length) : null;
        store.Write(entry, body, _length, _writing);
        return new(
            entry with
            {
                Body = body is null ? new RedisBody(store, entry.Key, entry.Serial, _length) : ResponseBody.InMemory(body),
            }
        );
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        // No look-up finds chunks without a head. The chunks expire, as the entry would have.
        _pending.Clear();
        return base.DisposeAsync();
    }

    private void SendChunk(int bytes)
    {
        var (chunk, number, before) = (_pending.Take(bytes), _chunks++, _writing);
        _writing = SendAsync();

        async Task<bool> SendAsync()
        {
            // The chunks are sent concurrently, and the head last. A chunk for which the pending bytes have no room is not sent; then no
            // head is written either.
            var isWritten = await store.WriteChunkAsync(entry, number, chunk);
            return await before && isWritten;
        }
    }
}
