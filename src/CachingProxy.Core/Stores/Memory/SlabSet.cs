namespace CachingProxy.Core.Stores.Memory;

/// <summary>
/// Holds the segments of a shard. Segments are written one after another; the room of segments that have left is regained by moving the
/// others of a slab together.
/// </summary>
/// <param name="slabBytes">The length of each slab; a segment is at most <see cref="MaxSegmentBytes"/> of it.</param>
/// <param name="find">The slot of the segment with a key's hash that lies at a place; null where it has left.</param>
internal sealed class SlabSet(int slabBytes, Func<int, Slab, int, PackedSlot?> find)
{
    // A tenth stays free, so that moving frees enough to be worth it, and a segment fits into the sparsest slab always.
    private const long UsableTenths = 9;

    // Slots that wait for another entry.
    private const int MaxLeft = 1024;

    private readonly List<Slab> _slabs = [];
    private readonly Stack<PackedSlot> _left = new();
    private Slab? _open;
    private long _liveBytes;

    private Slab Sparsest => _slabs.MinBy(slab => slab.LiveBytes)!;

    /// <summary>The bytes of all slabs.</summary>
    public long Bytes => (long)_slabs.Count * slabBytes;

    /// <summary>How long a segment may be in slabs of a length.</summary>
    public static int MaxSegmentBytes(int slabBytes) => slabBytes / 16;

    /// <summary>Tells whether a segment finds a place without another slab.</summary>
    public bool HasRoomFor(int bytes) => _liveBytes + bytes <= Usable(_slabs.Count);

    /// <summary>Tells whether a whole slab could be given back, with some room left.</summary>
    public bool HasOneTooMany => _slabs.Count > 0 && _liveBytes <= Math.Max(Usable(_slabs.Count - 1) - (slabBytes / 2), 0);

    /// <summary>Adds a slab.</summary>
    public void Grow() => _slabs.Add(_open = new Slab(slabBytes));

    /// <summary>Gives all slabs back, when everything has left.</summary>
    public void Clear()
    {
        _slabs.Clear();
        (_open, _liveBytes) = (null, 0);
    }

    /// <summary>Gives an entry a place where there is room for it.</summary>
    public PackedSlot Add(PackedEntry entry)
    {
        var (slab, offset) = Write(entry.Segment);
        var slot = _left.TryPop(out var left) ? left : new PackedSlot();
        slot.Enter(entry, slab, offset);
        return slot;
    }

    /// <summary>Takes an entry out; its place, and its slab, are free for others.</summary>
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

    /// <summary>Gives a slab back; its entries move to the others.</summary>
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

    // Ordered by offset, so that the caller may move a returned segment to the front.
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
