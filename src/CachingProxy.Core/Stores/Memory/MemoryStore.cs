using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;

namespace CachingProxy.Core.Stores.Memory;

/// <summary>
/// Entries in this process's memory, bounded in bytes. Most entries are bytes in slabs, which the garbage collector need not scan. Large
/// and unusual entries are objects; a packed entry that is asked for often is kept as an object too. Looking up takes no lock. Writing
/// takes the lock of one shard, and makes room there first. When the machine runs out of memory, the store halves its limit. Safe for any
/// number of threads.
/// </summary>
public sealed class MemoryStore : ICacheStore, IStoreInspector
{
    // The largest number of chains of the index that one call of ListAsync looks at.
    private const int ChainsPerPage = 4096;

    private const int MaxShards = 16;
    private const long MinShardBytes = 4 << 20;
    private const long MaxSlabBytes = 512 << 10;
    private const long MinSlabBytes = 4 << 10;

    // The kept objects of packed entries may take a sixteenth of the limit.
    private const int HotShare = 16;

    // A slab is at most a sixteenth of a shard, so that there are enough slabs to choose from.
    private const int SlabShare = 16;

    // The number of further attempts to store an entry, after one for each shard: other writers may take the room that was made.
    private const int MaxAttempts = 8;

    private readonly MemoryBudget _budget;
    private readonly HeadTemplates _templates = new();
    private readonly MemoryShard[] _shards;
    private readonly long _maxBytes;
    private readonly int _slabBytes;
    private readonly int _maxPackedBytes;

    /// <summary>Makes an empty store.</summary>
    public MemoryStore(MemoryStoreOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var shards = (int)Math.Clamp(options.MaxBytes / MinShardBytes, 1, MaxShards);
        var hotBytes = options.MaxBytes / HotShare;
        _maxBytes = Math.Max(options.MaxBytes - hotBytes - (shards * SlotIndex.BytesFor(options.MaxBytes / shards)), 0);
        _budget = new MemoryBudget(_maxBytes);
        _slabBytes = (int)Math.Min(options.MaxBytes / shards / SlabShare, MaxSlabBytes) & ~7;
        _maxPackedBytes = _slabBytes < MinSlabBytes ? 0 : SlabSet.MaxSegmentBytes(_slabBytes);
        _shards = new MemoryShard[shards];
        for (var i = 0; i < shards; i++)
        {
            _shards[i] = new MemoryShard(_budget, options.MaxBytes / shards, _slabBytes, hotBytes / shards);
        }
    }

    /// <summary>The bytes held now, as counted against the limit.</summary>
    public long HeldBytes => _budget.HeldBytes + _shards.Sum(shard => shard.HotBytes);

    /// <summary>The number of entries held now.</summary>
    public long Count => _shards.Sum(shard => (long)shard.Count);

    /// <summary>The number of entries that were removed to make room.</summary>
    public long Evictions => _shards.Sum(shard => shard.Evictions);

    /// <inheritdoc/>
    public IStoreInspector Inspector => this;

    /// <inheritdoc/>
    public ValueTask<EntryPage> ListAsync(long from, int max, Func<CacheEntry, bool> isWanted)
    {
        ArgumentNullException.ThrowIfNull(isWanted);
        var entries = new List<CacheEntry>();
        var place = from;
        for (var chains = 0; chains < ChainsPerPage && entries.Count < max; chains++, place++)
        {
            // All shards have the same number of chains.
            var shard = place / _shards[0].Index.Chains;
            if (shard >= _shards.Length)
            {
                return new(new EntryPage(entries, null));
            }

            var chain = (int)(place % _shards[0].Index.Chains);
            entries.AddRange(_shards[shard].Index.EntriesOf(chain).Where(isWanted));
        }

        return new(new EntryPage(entries, place));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<CacheEntry>> FindAsync(CacheKey key)
    {
        var hash = key.GetHashCode();
        return new(ShardOf(hash).Find(key, hash));
    }

    /// <inheritdoc/>
    public EntryWriter? OpenWriter(CacheEntry entry, long? contentLength) =>
        ObjectSlot.SizeOf(entry) + (contentLength ?? 0) <= _maxBytes ? new MemoryEntryWriter(this, entry, _maxBytes) : null;

    /// <inheritdoc/>
    public ValueTask<bool> UpdateAsync(CacheEntry entry, CacheEntry freshened)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(freshened);
        var shard = ShardOf(entry.Key.GetHashCode());
        var isUpdated = shard.TryUpdate(entry, freshened, PackedEntry.Of(freshened, _templates, _maxPackedBytes));
        MakeRoom(shard, 0);
        return new(isUpdated);
    }

    /// <inheritdoc/>
    public ValueTask RemoveAsync(CacheEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ShardOf(entry.Key.GetHashCode()).Remove(entry);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask RemoveAllAsync(CacheKey key)
    {
        ShardOf(key.GetHashCode()).RemoveAll(key);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask ClearAsync()
    {
        Array.ForEach(_shards, shard => shard.Clear());
        _templates.Clear();
        return ValueTask.CompletedTask;
    }

    internal void Add(CacheEntry entry)
    {
        _budget.OnWrite();
        var shard = ShardOf(entry.Key.GetHashCode());
        var packed = PackedEntry.Of(entry, _templates, _maxPackedBytes);
        // Makes room first, so that the new entry is not evicted itself.
        MakeRoom(shard, packed is null ? ObjectSlot.SizeOf(entry) + (entry.Body.Length ?? 0) : PackedSlot.BookkeepingBytes);
        for (var attempt = 0; !shard.TryAdd(entry, packed) && attempt < _shards.Length + MaxAttempts; attempt++)
        {
            MakeRoom(shard, _slabBytes);
        }

        MakeRoom(shard, 0);
    }

    // Evicts from the growing shard first. Evicts from the other shards if that is not enough, as for an entry as large as a shard.
    private void MakeRoom(MemoryShard growing, long bytes)
    {
        for (var next = 0; !_budget.HasRoomFor(bytes) && next <= _shards.Length; )
        {
            next += (next == 0 ? growing : _shards[next - 1]).TryEvict() ? 0 : 1;
        }
    }

    private MemoryShard ShardOf(int hash) => _shards[(uint)hash % (uint)_shards.Length];
}
