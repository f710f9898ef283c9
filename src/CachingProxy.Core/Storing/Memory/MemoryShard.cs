using System.Collections.Concurrent;
using CachingProxy.Core.Keys;

namespace CachingProxy.Core.Storing.Memory;

/// <summary>
/// A part of the memory store, with a lock and an order of eviction of its own: those who write to different shards do not meet. Looking up takes
/// no lock.
/// </summary>
internal sealed class MemoryShard
{
    private readonly ConcurrentDictionary<CacheKey, MemorySlot[]> _slots = new(concurrencyLevel: 1, capacity: 31);
    private readonly Eviction _eviction = new();
    private readonly Lock _lock = new();

    /// <summary>What is held here.</summary>
    public long HeldBytes
    {
        get
        {
            lock (_lock)
            {
                return _eviction.HeldBytes;
            }
        }
    }

    /// <summary>The slots of a URI, the newest last.</summary>
    public MemorySlot[]? Find(CacheKey key) => _slots.GetValueOrDefault(key);

    /// <summary>Stores an entry in the place of those that it replaces. Answers with what is held more then, or less.</summary>
    public long Add(CacheEntry entry)
    {
        lock (_lock)
        {
            var siblings = _slots.GetValueOrDefault(entry.Key, []);
            return Replacement.Replaced(entry, Array.ConvertAll(siblings, slot => slot.Entry)) is { } replaced
                ? Replace_NeedsLock(entry, Array.FindAll(siblings, slot => replaced.Any(other => ReferenceEquals(other, slot.Entry))))
                : 0;
        }
    }

    /// <summary>Puts one entry in the place of another; null where that is not there.</summary>
    public long? Update(CacheEntry entry, CacheEntry freshened)
    {
        lock (_lock)
        {
            return Find_NeedsLock(entry) is { } slot ? Replace_NeedsLock(freshened, slot) : null;
        }
    }

    /// <summary>Removes one entry. Answers with what is held less.</summary>
    public long Remove(CacheEntry entry)
    {
        lock (_lock)
        {
            return Find_NeedsLock(entry) is { } slot ? Remove_NeedsLock(slot) : 0;
        }
    }

    /// <summary>Removes all entries of a URI. Answers with what is held less.</summary>
    public long RemoveAll(CacheKey key)
    {
        lock (_lock)
        {
            return _slots.GetValueOrDefault(key, []).Sum(Remove_NeedsLock);
        }
    }

    /// <summary>Removes the entry that is least worth keeping. Answers with what is held less; 0 where nothing is held.</summary>
    public long Evict()
    {
        lock (_lock)
        {
            if (_eviction.Evict() is not { } slot)
            {
                return 0;
            }

            Unlink_NeedsLock(slot);
            return slot.Bytes;
        }
    }

    private long Replace_NeedsLock(CacheEntry entry, params MemorySlot[] replaced)
    {
        var slot = new MemorySlot(entry);
        var freed = replaced.Sum(Remove_NeedsLock);
        _slots[entry.Key] = [.. _slots.GetValueOrDefault(entry.Key, []), slot];
        _eviction.Add(slot, wasUsed: replaced.Any(old => old.WasUsed));
        return slot.Bytes - freed;
    }

    private MemorySlot? Find_NeedsLock(CacheEntry entry) =>
        Array.Find(_slots.GetValueOrDefault(entry.Key, []), slot => ReferenceEquals(slot.Entry, entry));

    private long Remove_NeedsLock(MemorySlot slot)
    {
        Unlink_NeedsLock(slot);
        Eviction.Remove(slot);
        return slot.Bytes;
    }

    private void Unlink_NeedsLock(MemorySlot slot)
    {
        var left = Array.FindAll(_slots.GetValueOrDefault(slot.Entry.Key, []), other => !ReferenceEquals(other, slot));
        if (left.Length == 0)
        {
            _slots.TryRemove(slot.Entry.Key, out _);
        }
        else
        {
            _slots[slot.Entry.Key] = left;
        }
    }
}
