using CachingProxy.Core.Keys;

namespace CachingProxy.Core.Storing.Memory;

/// <summary>
/// Entries in this process's memory, bounded in bytes. Looking up takes no lock; writing takes that of one shard, and
/// makes room there first. When the machine runs out of memory the store gives half of its own up. Safe for any number of threads.
/// </summary>
public sealed class MemoryStore : ICacheStore
{
    private const int MaxShards = 16;
    private const long MinShardBytes = 4 << 20;
    private const int WritesBetweenLooks = 1024;

    private readonly MemoryStoreOptions _options;
    private readonly MemoryShard[] _shards;
    private long _heldBytes;
    private int _writes;
    private volatile bool _isUnderPressure;

    /// <summary>An empty store.</summary>
    public MemoryStore(MemoryStoreOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _shards = new MemoryShard[(int)Math.Clamp(options.MaxBytes / MinShardBytes, 1, MaxShards)];
        for (var i = 0; i < _shards.Length; i++)
        {
            _shards[i] = new MemoryShard();
        }
    }

    /// <summary>What is held now, in bytes, as counted against the limit.</summary>
    public long HeldBytes => Volatile.Read(ref _heldBytes);

    private long Limit => _isUnderPressure ? _options.MaxBytes / 2 : _options.MaxBytes;

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<CacheEntry>> FindAsync(CacheKey key) =>
        new(ShardOf(key).Find(key) is { } slots ? new MemorySlotList(slots) : []);

    /// <inheritdoc/>
    public EntryWriter? OpenWriter(CacheEntry entry, long? contentLength) =>
        MemorySlot.SizeOf(entry) + (contentLength ?? 0) <= _options.MaxBytes ? new MemoryEntryWriter(this, entry, _options.MaxBytes) : null;

    /// <inheritdoc/>
    public ValueTask<bool> UpdateAsync(CacheEntry entry, CacheEntry freshened)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var shard = ShardOf(entry.Key);
        var change = shard.Update(entry, freshened);
        Interlocked.Add(ref _heldBytes, change ?? 0);
        MakeRoom(shard, 0);
        return new(change is not null);
    }

    /// <inheritdoc/>
    public ValueTask RemoveAsync(CacheEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        Interlocked.Add(ref _heldBytes, -ShardOf(entry.Key).Remove(entry));
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask RemoveAllAsync(CacheKey key)
    {
        Interlocked.Add(ref _heldBytes, -ShardOf(key).RemoveAll(key));
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask ClearAsync()
    {
        foreach (var shard in _shards)
        {
            while (shard.Evict() is var freed and > 0)
            {
                Interlocked.Add(ref _heldBytes, -freed);
            }
        }

        return ValueTask.CompletedTask;
    }

    internal void Add(CacheEntry entry)
    {
        if (Interlocked.Increment(ref _writes) % WritesBetweenLooks == 0)
        {
            var memory = GC.GetGCMemoryInfo(GCKind.Any);
            _isUnderPressure = memory.MemoryLoadBytes >= memory.HighMemoryLoadThresholdBytes && memory.HighMemoryLoadThresholdBytes > 0;
        }

        var shard = ShardOf(entry.Key);
        // Before, so that it does not make room for itself.
        MakeRoom(shard, MemorySlot.SizeOf(entry) + (entry.Body.Length ?? 0));
        Interlocked.Add(ref _heldBytes, shard.Add(entry));
        MakeRoom(shard, 0);
    }

    // In the shard that grows first; in the others where that is not enough, which is for entries of the size of a shard.
    private void MakeRoom(MemoryShard growing, long bytes)
    {
        for (var next = 0; HeldBytes + bytes > Limit && next <= _shards.Length;)
        {
            var freed = (next == 0 ? growing : _shards[next - 1]).Evict();
            Interlocked.Add(ref _heldBytes, -freed);
            next += freed == 0 ? 1 : 0;
        }
    }

    private MemoryShard ShardOf(CacheKey key) => _shards[(uint)key.GetHashCode() % (uint)_shards.Length];
}
