using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;

namespace CachingProxy.Core.Stores.Memory;

/// <summary>
/// A part of the memory store, with a lock and an order of eviction of its own: writers to different shards do not wait for each other.
/// Looking up takes no lock.
/// </summary>
internal sealed class MemoryShard
{
    // Limits how many packed entries a look-up of one URI turns into objects.
    private const int MaxPackedPerKey = 4;

    // The object of a packed entry is kept from this use on: an entry that is used once is perhaps never used again.
    private const int UsesOfHot = 2;

    // The most attempts of a look-up. If writers change the index during every attempt, the last attempt's result is returned.
    private const int MaxLooks = 8;

    private readonly MemoryBudget _budget;
    private readonly int _slabBytes;
    private readonly SlotIndex _index;
    private readonly Eviction _eviction = new();
    private readonly SlabSet _slabs;
    private readonly HotEntries _hot;
    private readonly Lock _lock = new();
    private long _evictions;

    /// <param name="budget">The budget that all shards share.</param>
    /// <param name="maxBytes">The bytes that this shard will hold, roughly; they determine the size of its index.</param>
    /// <param name="slabBytes">The length of a slab.</param>
    /// <param name="maxHotBytes">The most bytes that the kept objects of packed entries may take.</param>
    public MemoryShard(MemoryBudget budget, long maxBytes, int slabBytes, long maxHotBytes)
    {
        _budget = budget;
        _slabBytes = slabBytes;
        _hot = new HotEntries(maxHotBytes);
        _index = new SlotIndex(maxBytes);
        _slabs = new SlabSet(
            slabBytes,
            (hash, slab, offset) => SlotsOf(hash).OfType<PackedSlot>().FirstOrDefault(slot => slot.IsAt(slab, offset))
        );
    }

    /// <summary>The bytes that the kept objects of packed entries take.</summary>
    public long HotBytes => _hot.Bytes;

    /// <summary>The number of entries held now.</summary>
    public int Count => _eviction.Count;

    /// <summary>The number of entries that were removed to make room.</summary>
    public long Evictions => Volatile.Read(ref _evictions);

    /// <summary>The index that finds the slots. It can be read without the lock.</summary>
    public SlotIndex Index => _index;

    /// <summary>Returns the entries for a URI, the newest last. The look-up counts as a use.</summary>
    public IReadOnlyList<CacheEntry> Find(CacheKey key, int hash)
    {
        for (var attempt = 1; ; attempt++)
        {
            var changes = _index.Changes;
            CacheEntry? first = null;
            List<CacheEntry>? all = null;
            for (var slot = _index.First(hash); slot is not null; slot = Volatile.Read(ref slot.NextOfChain))
            {
                if (slot.Hash != hash || Load(slot, isUse: attempt == 1) is not { } entry || entry.Key != key)
                {
                    continue;
                }

                if (first is null)
                {
                    first = entry;
                }
                else
                {
                    (all ??= [first]).Add(entry);
                }
            }

            Interlocked.MemoryBarrier();
            // If another entry took over a slot during the walk, the walk may have continued in another chain.
            if (_index.Changes == changes || attempt == MaxLooks)
            {
                return all ?? (IReadOnlyList<CacheEntry>)(first is null ? [] : [first]);
            }
        }
    }

    /// <summary>
    /// Stores an entry, and removes the entries that it replaces. Returns false if this shard cannot make enough room, so that the other
    /// shards must make room.
    /// </summary>
    public bool TryAdd(CacheEntry entry, PackedEntry? packed)
    {
        lock (_lock)
        {
            var siblings = SiblingsOf_NeedsLock(entry.Key);
            if (Replacement.Replaced(entry, siblings.ConvertAll(sibling => sibling.Entry)) is not { } replaced)
            {
                return true;
            }

            var slots = siblings
                .FindAll(sibling => replaced.Contains(sibling.Entry, ReferenceEqualityComparer.Instance))
                .ConvertAll(sibling => sibling.Slot);
            return TryReplace_NeedsLock(entry, siblings.Count < MaxPackedPerKey ? packed : null, slots);
        }
    }

    /// <summary>Replaces one entry by another. Returns false if the first entry is not stored, or if there is no room.</summary>
    public bool TryUpdate(CacheEntry entry, CacheEntry freshened, PackedEntry? packed)
    {
        lock (_lock)
        {
            return Find_NeedsLock(entry) is { } slot && TryReplace_NeedsLock(freshened, slot is PackedSlot ? packed : null, [slot]);
        }
    }

    /// <summary>Removes one entry.</summary>
    public void Remove(CacheEntry entry)
    {
        lock (_lock)
        {
            if (Find_NeedsLock(entry) is { } slot)
            {
                Remove_NeedsLock(slot);
            }
        }
    }

    /// <summary>Removes all entries of a URI.</summary>
    public void RemoveAll(CacheKey key)
    {
        lock (_lock)
        {
            SiblingsOf_NeedsLock(key).ForEach(sibling => Remove_NeedsLock(sibling.Slot));
        }
    }

    /// <summary>Removes everything.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            while (TryEvict_NeedsLock()) { }
        }
    }

    /// <summary>
    /// Removes the entry that is least worth keeping, and gives back a slab if it is no longer needed. Returns false if there is no entry.
    /// </summary>
    public bool TryEvict()
    {
        lock (_lock)
        {
            if (!TryEvict_NeedsLock())
            {
                return false;
            }

            _evictions++;
            if (_slabs.HasOneTooMany)
            {
                _slabs.Shrink();
                _budget.Take(-_slabBytes);
            }

            return true;
        }
    }

    private IEnumerable<MemorySlot> SlotsOf(int hash)
    {
        for (var slot = _index.First(hash); slot is not null; slot = slot.NextOfChain)
        {
            if (slot.Hash == hash)
            {
                yield return slot;
            }
        }
    }

    private CacheEntry? Load(MemorySlot slot, bool isUse)
    {
        if (isUse)
        {
            slot.Use();
        }

        var packed = slot as PackedSlot;
        var version = packed?.Version;
        var entry = slot.Load();
        if (entry is not null && packed is { IsHot: false, Uses: >= UsesOfHot } && _lock.TryEnter())
        {
            // A look-up never waits for the lock: if another thread holds the lock, the object is not kept.
            try
            {
                if (packed.Version == version && !packed.IsHot)
                {
                    _hot.Add(packed, entry);
                }
            }
            finally
            {
                _lock.Exit();
            }
        }

        return entry;
    }

    private List<(MemorySlot Slot, CacheEntry Entry)> SiblingsOf_NeedsLock(CacheKey key) =>
        [.. SlotsOf(key.GetHashCode()).Select(slot => (Slot: slot, Entry: slot.LoadHead())).Where(sibling => sibling.Entry.Key == key)];

    private MemorySlot? Find_NeedsLock(CacheEntry entry) =>
        SiblingsOf_NeedsLock(entry.Key).Find(sibling => sibling.Entry.IsSameAs(entry)).Slot;

    private bool TryReplace_NeedsLock(CacheEntry entry, PackedEntry? packed, List<MemorySlot> replaced)
    {
        if (packed is not null && !TryMakeRoom_NeedsLock(packed))
        {
            return false;
        }

        // Some replaced entries may have been evicted to make room, so that their slots are free.
        var wasUsed = replaced.Exists(old => old.Uses > 0);
        replaced.RemoveAll(old => old.Queue is null);
        MemorySlot slot = packed is null ? new ObjectSlot(entry) : _slabs.Add(packed);
        _index.Add(slot);
        _eviction.Add(slot, wasUsed);
        _budget.Take(slot.OwnBytes + (packed?.Template.AddUser() ?? 0));
        // The replaced entries are removed last, so that a concurrent look-up finds the old or the new entry.
        replaced.ForEach(Remove_NeedsLock);
        return true;
    }

    // Adds a slab if the budget has room for it, and otherwise evicts an entry of this shard, until the packed entry has room.
    private bool TryMakeRoom_NeedsLock(PackedEntry packed)
    {
        while (!_slabs.HasRoomFor(packed.Segment.Length))
        {
            if (_budget.TryTake(_slabBytes, PackedSlot.BookkeepingBytes))
            {
                _slabs.Grow();
            }
            else if (TryEvict_NeedsLock())
            {
                _evictions++;
            }
            else
            {
                return false;
            }
        }

        return true;
    }

    private bool TryEvict_NeedsLock()
    {
        if (_eviction.Evict() is not { } slot)
        {
            return false;
        }

        Leave_NeedsLock(slot);
        return true;
    }

    private void Remove_NeedsLock(MemorySlot slot)
    {
        Eviction.Remove(slot);
        Leave_NeedsLock(slot);
    }

    private void Leave_NeedsLock(MemorySlot slot)
    {
        _index.Remove(slot);
        _budget.Take(-slot.OwnBytes);
        if (slot is PackedSlot packed)
        {
            _hot.Remove(packed);
            _budget.Take(-packed.Template.RemoveUser());
            _slabs.Remove(packed);
        }
        else
        {
            slot.Leave();
        }

        if (_eviction.HeldBytes == 0)
        {
            _budget.Take(-_slabs.Bytes);
            _slabs.Clear();
        }
    }
}
