using System.Collections.Concurrent;
using CachingProxy.Core.Keys;

namespace CachingProxy.Core.Storing.Memory;

/// <summary>
/// Entries in this process's memory, bounded in bytes. Looking up takes no lock; storing and removing take one, and
/// decide about eviction under it.
/// </summary>
public sealed class MemoryStore(MemoryStoreOptions options) : ICacheStore
{
    private readonly ConcurrentDictionary<CacheKey, MemorySlot[]> _slots = new();
    private readonly Eviction _eviction = new(options.MaxBytes);
    private readonly Lock _lock = new();

    /// <summary>What is held now, in bytes, as counted against the limit.</summary>
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

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<CacheEntry>> FindAsync(CacheKey key) =>
        new(_slots.TryGetValue(key, out var slots) ? new MemorySlotList(slots) : []);

    /// <inheritdoc/>
    public EntryWriter? OpenWriter(CacheEntry entry, long? contentLength) =>
        MemorySlot.SizeOf(entry) + (contentLength ?? 0) <= options.MaxBytes ? new MemoryEntryWriter(this, entry, options.MaxBytes) : null;

    /// <inheritdoc/>
    public ValueTask<bool> UpdateAsync(CacheEntry entry, CacheEntry freshened)
    {
        lock (_lock)
        {
            var slot = Find_NeedsLock(entry);
            if (slot is not null)
            {
                Replace_NeedsLock(freshened, slot);
            }

            return new ValueTask<bool>(slot is not null);
        }
    }

    /// <inheritdoc/>
    public ValueTask RemoveAsync(CacheEntry entry)
    {
        lock (_lock)
        {
            if (Find_NeedsLock(entry) is { } slot)
            {
                Remove_NeedsLock(slot);
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask RemoveAllAsync(CacheKey key)
    {
        lock (_lock)
        {
            foreach (var slot in _slots.GetValueOrDefault(key, []))
            {
                Remove_NeedsLock(slot);
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask ClearAsync()
    {
        lock (_lock)
        {
            _slots.Clear();
            _eviction.Clear();
        }

        return ValueTask.CompletedTask;
    }

    internal void Add(CacheEntry entry)
    {
        lock (_lock)
        {
            var siblings = _slots.GetValueOrDefault(entry.Key, []);
            if (Replacement.Replaced(entry, Array.ConvertAll(siblings, slot => slot.Entry)) is { } replaced)
            {
                Replace_NeedsLock(entry, Array.FindAll(siblings, slot => replaced.Any(other => ReferenceEquals(other, slot.Entry))));
            }
        }
    }

    private void Replace_NeedsLock(CacheEntry entry, params MemorySlot[] replaced)
    {
        var slot = new MemorySlot(entry);
        foreach (var old in replaced)
        {
            Remove_NeedsLock(old);
        }

        _slots[entry.Key] = [.. _slots.GetValueOrDefault(entry.Key, []), slot];
        foreach (var evicted in _eviction.Add(slot, wasUsed: replaced.Any(old => old.WasUsed)))
        {
            Unlink_NeedsLock(evicted);
        }
    }

    private MemorySlot? Find_NeedsLock(CacheEntry entry) =>
        Array.Find(_slots.GetValueOrDefault(entry.Key, []), slot => ReferenceEquals(slot.Entry, entry));

    private void Remove_NeedsLock(MemorySlot slot)
    {
        Unlink_NeedsLock(slot);
        _eviction.Remove(slot);
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
