namespace CachingProxy.Core.Stores.Memory;

/// <summary>
/// Holds the segments of a shard. Writes segments one after another. Regains the room of removed segments by moving the remaining segments
/// of a slab together.
/// </summary>
/// <param name="slabBytes">The length of each slab in bytes. <see cref="MaxSegmentBytes"/> returns the largest length of a segment.</param>
/// <param name="find">Takes the hash of a key, a slab and an offset. Returns the slot whose segment begins there; null where its entry was
/// removed.</param>
internal sealed class SlabSet(int slabBytes, Func<int, Slab, int, PackedSlot?> find)
{
    // A tenth of the room stays free. Therefore moving segments together is worth the effort, and a segment always fits into the sparsest
    // slab.
    private const long UsableTenths = 9;

    // The largest number of free slots that are kept for other entries.
    private const int MaxLeft = 1024;

    private readonly List<Slab> _slabs = [];
    private readonly Stack<PackedSlot> _left = new();
    private Slab? _open;
    private long _liveBytes;

    private Slab Sparsest => _slabs.MinBy(slab => slab.LiveBytes)!;

    /// <summary>The bytes of all slabs.</summary>
    public long Bytes => (long)_slabs.Count * slabBytes;

    /// <summary>Returns the largest length of a segment in slabs of a given length.</summary>
    public static int MaxSegmentBytes(int slabBytes) => slabBytes / 16;

    /// <summary>Tells whether a segment of a given length fits without another slab.</summary>
    public bool HasRoomFor(int bytes) => _liveBytes + bytes <= Usable(_slabs.Count);

    /// <summary>Tells whether a whole slab could be given back, with some room left.</summary>
    public bool HasOneTooMany => _slabs.Count > 0 && _liveBytes <= Math.Max(Usable(_slabs.Count - 1) - (slabBytes / 2), 0);

    /// <summary>Adds a slab.</summary>
    public void Grow() => _slabs.Add(_open = new Slab(slabBytes));

    /// <summary>Drops all slabs. The caller has removed all entries.</summary>
    public void Clear()
    {
        _slabs.Clear();
        (_open, _liveBytes) = (null, 0);
    }

    /// <summary>
    /// Writes an entry into a slab, and returns its slot. The caller has made sure that there is room (<see cref="HasRoomFor"/>).
    /// </summary>
    public PackedSlot Add(PackedEntry entry)
    {
        var (slab, offset) = Write(entry.Segment);
        var slot = _left.TryPop(out var left) ? left : new PackedSlot();
        slot.Enter(entry, slab, offset);
        return slot;
    }

    /// <summary>Removes an entry. Its slot, and its bytes in the slab, are free for other entries.</summary>
    public void Remove(PackedSlot slot)
    {
        var (slab, bytes) = slot.Place;
        slab.LiveBytes -= bytes;
        _liveBytes -= bytes;
        slot.Leave();
        if (_left.Count < MaxLeft)
        {
            _left.Push(slot);
        }
    }

    /// <summary>Drops the sparsest slab, and moves its entries to the other slabs.</summary>
    public void Shrink()
    {
        var sparsest = Sparsest;
        _slabs.Remove(sparsest);
        _liveBytes -= sparsest.LiveBytes;
        _open = ReferenceEquals(_open, sparsest) ? null : _open;
        foreach (var (slot, offset, length) in SegmentsOf(sparsest))
        {
            if (slot is not null)
            {
                var (slab, place) = Write(sparsest.Bytes.AsSpan(offset, length));
                slot.BeginMove();
                slot.EndMove(slab, place);
            }
        }
    }

    private (Slab Slab, int Offset) Write(ReadOnlySpan<byte> segment)
    {
        if (_open is null || _open.FreeBytes < segment.Length)
        {
            _open = Sparsest;
            Compact(_open);
        }

        var offset = _open.UsedBytes;
        segment.CopyTo(_open.Bytes.AsSpan(offset));
        _open.UsedBytes += segment.Length;
        _open.LiveBytes += segment.Length;
        _liveBytes += segment.Length;
        return (_open, offset);
    }

    private void Compact(Slab slab)
    {
        var end = 0;
        foreach (var (slot, offset, length) in SegmentsOf(slab))
        {
            if (slot is null)
            {
                continue;
            }

            if (offset != end)
            {
                slot.BeginMove();
                slab.Bytes.AsSpan(offset, length).CopyTo(slab.Bytes.AsSpan(end));
                slot.EndMove(slab, end);
            }

            end += length;
        }

        slab.UsedBytes = end;
    }

    // Returns the segments in the order of their offsets, so that the caller may move each segment towards the start of the slab.
    private IEnumerable<(PackedSlot? Slot, int Offset, int Length)> SegmentsOf(Slab slab)
    {
        for (var offset = 0; offset < slab.UsedBytes; )
        {
            var (hash, length) = Segment.Measure(slab.Bytes.AsSpan(offset));
            yield return (find(hash, slab, offset), offset, length);
            offset += length;
        }
    }

    private long Usable(int slabs) => (long)slabs * slabBytes * UsableTenths / 10;
}
