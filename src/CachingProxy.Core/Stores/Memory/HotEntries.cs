using CachingProxy.Core.Entries;

namespace CachingProxy.Core.Stores.Memory;

/// <summary>
/// The packed entries of a shard whose objects are kept, because requests ask for them often. Keeps the objects that were added last,
/// bounded in number and in bytes. Not safe for threads: the caller holds the lock of the shard.
/// </summary>
internal sealed class HotEntries(long maxBytes)
{
    private const int MinEntryBytes = 1024;
    private const int MaxPlaces = 1 << 16;

    private readonly (PackedSlot? Slot, long Bytes)[] _places = new (PackedSlot?, long)[Math.Clamp(maxBytes / MinEntryBytes, 1, MaxPlaces)];
    private long _bytes;
    private int _next;

    /// <summary>The bytes that the objects take.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>
    /// Keeps the object of a slot, and drops the objects that were added first to make room. An object larger than the limit is not kept.
    /// </summary>
    public void Add(PackedSlot slot, CacheEntry entry)
    {
        var bytes = ObjectSlot.SizeOf(entry) + entry.Body.Length!.Value;
        if (bytes > maxBytes)
        {
            return;
        }

        for (Drop(_next); _bytes + bytes > maxBytes; Drop(_next))
        {
            _next = (_next + 1) % _places.Length;
        }

        _places[_next] = (slot, bytes);
        slot.HotPlace = _next;
        slot.Keep(entry);
        Volatile.Write(ref _bytes, _bytes + bytes);
        _next = (_next + 1) % _places.Length;
    }

    /// <summary>Drops the object of a slot.</summary>
    public void Remove(PackedSlot slot)
    {
        if (ReferenceEquals(_places[slot.HotPlace].Slot, slot))
        {
            Drop(slot.HotPlace);
        }
    }

    private void Drop(int place)
    {
        _places[place].Slot?.Keep(null);
        Volatile.Write(ref _bytes, _bytes - _places[place].Bytes);
        _places[place] = default;
    }
}
