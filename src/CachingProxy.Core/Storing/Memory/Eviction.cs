namespace CachingProxy.Core.Storing.Memory;

/// <summary>
/// Which entry makes room: S3-FIFO. New entries pass through a small queue, a tenth of the room; those used there, or
/// asked for again soon after they had left it, enter the main queue, where each use earns another round. A scan of
/// URLs that are asked for once thus leaves the others alone. Not safe for threads: the store's lock is held.
/// </summary>
internal sealed class Eviction(long maxBytes)
{
    private readonly LinkedList<MemorySlot> _small = [];
    private readonly LinkedList<MemorySlot> _main = [];
    private readonly Queue<int> _ghostOrder = new();
    private readonly HashSet<int> _ghosts = [];
    private long _smallBytes;

    public long HeldBytes { get; private set; }

    /// <summary>Takes a slot in, and answers with those that leave for it.</summary>
    public List<MemorySlot> Add(MemorySlot slot, bool wasUsed)
    {
        Enqueue(slot, toMain: wasUsed || _ghosts.Contains(GhostOf(slot)));
        var evicted = new List<MemorySlot>();
        while (HeldBytes > maxBytes)
        {
            var leaving = _main.Count == 0 || (_smallBytes > maxBytes / 10 && _small.Count > 0) ? FromSmall() : FromMain();
            if (leaving is not null)
            {
                evicted.Add(leaving);
            }
        }

        return evicted;
    }

    /// <summary>Gives the room of a slot back.</summary>
    public void Remove(MemorySlot slot)
    {
        if (slot.Place is not { List: not null } place)
        {
            return;
        }

        if (place.List == _small)
        {
            _smallBytes -= slot.Bytes;
        }

        HeldBytes -= slot.Bytes;
        place.List.Remove(place);
    }

    public void Clear()
    {
        _small.Clear();
        _main.Clear();
        _smallBytes = HeldBytes = 0;
    }

    private void Enqueue(MemorySlot slot, bool toMain)
    {
        slot.Place = (toMain ? _main : _small).AddLast(slot);
        _smallBytes += toMain ? 0 : slot.Bytes;
        HeldBytes += slot.Bytes;
    }

    // The oldest of the newcomers: it leaves unless it was used, and is remembered for a while.
    private MemorySlot? FromSmall()
    {
        var slot = _small.First!.Value;
        Remove(slot);
        if (slot.TryForgetUse())
        {
            Enqueue(slot, toMain: true);
            return null;
        }

        Remember(GhostOf(slot));
        return slot;
    }

    // The oldest of the proven ones: each use it had sends it round once more.
    private MemorySlot? FromMain()
    {
        var slot = _main.First!.Value;
        Remove(slot);
        if (slot.TryForgetUse())
        {
            Enqueue(slot, toMain: true);
            return null;
        }

        return slot;
    }

    private void Remember(int ghost)
    {
        if (_ghosts.Add(ghost))
        {
            _ghostOrder.Enqueue(ghost);
        }

        // As many as there are entries: enough to recognise what comes back within one round of the main queue.
        while (_ghostOrder.Count > Math.Max(_main.Count + _small.Count, 64))
        {
            _ghosts.Remove(_ghostOrder.Dequeue());
        }
    }

    private static int GhostOf(MemorySlot slot) => slot.Entry.Key.GetHashCode();
}
