namespace CachingProxy.Core.Stores.Memory;

/// <summary>A queue of slots in the order of their arrival. The slots themselves hold the links. For one caller at a time.</summary>
internal sealed class SlotQueue
{
    private MemorySlot? _oldest;
    private MemorySlot? _newest;

    /// <summary>The number of slots.</summary>
    public int Count { get; private set; }

    /// <summary>The bytes of all entries in the queue.</summary>
    public long Bytes { get; private set; }

    public void Add(MemorySlot slot)
    {
        slot.Queue = this;
        slot.Older = _newest;
        slot.Newer = null;
        _newest = slot;
        _oldest ??= slot;
        if (slot.Older is { } before)
        {
            before.Newer = slot;
        }

        Count++;
        Bytes += slot.Bytes;
    }

    public void Remove(MemorySlot slot)
    {
        if (slot.Older is { } older)
        {
            older.Newer = slot.Newer;
        }
        else
        {
            _oldest = slot.Newer;
        }

        if (slot.Newer is { } newer)
        {
            newer.Older = slot.Older;
        }
        else
        {
            _newest = slot.Older;
        }

        slot.Queue = null;
        slot.Older = slot.Newer = null;
        Count--;
        Bytes -= slot.Bytes;
    }

    /// <summary>Removes and returns the oldest slot; null where the queue is empty.</summary>
    public MemorySlot? TakeOldest()
    {
        if (_oldest is { } oldest)
        {
            Remove(oldest);
            return oldest;
        }

        return null;
    }
}
