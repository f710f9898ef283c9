namespace CachingProxy.Core.Stores.Memory;

/// <summary>
/// Chooses the entry that makes room, by S3-FIFO. New entries pass through a small queue, a tenth of the bytes held. Entries used there, or
/// stored again soon after they left it, go to a large queue. For the holder of the shard's lock.
/// </summary>
internal sealed class Eviction
{
    private readonly SlotQueue _small = new();
    private readonly SlotQueue _main = new();
    private readonly Queue<int> _ghostOrder = new();
    private readonly HashSet<int> _ghosts = [];

    public int Count => _small.Count + _main.Count;

    public long HeldBytes => _small.Bytes + _main.Bytes;

    /// <summary>
    /// Adds a slot: to the large queue if <paramref name="wasUsed"/>, or if its entry recently left the small queue; otherwise to the small
    /// queue.
    /// </summary>
    public void Add(MemorySlot slot, bool wasUsed) => (wasUsed || _ghosts.Remove(slot.Hash) ? _main : _small).Add(slot);

    /// <summary>Removes a slot from its queue.</summary>
    public static void Remove(MemorySlot slot) => slot.Queue?.Remove(slot);

    /// <summary>Removes the slot of the next entry to evict, and returns it; null where there is none.</summary>
    public MemorySlot? Evict()
    {
        while (true)
        {
            var isNewcomer = _main.Count == 0 || (_small.Bytes > HeldBytes / 10 && _small.Count > 0);
            var slot = (isNewcomer ? _small : _main).TakeOldest();
            if (slot?.TryForgetUse() == true)
            {
                _main.Add(slot);
                continue;
            }

            if (isNewcomer && slot is not null)
            {
                Remember(slot.Hash);
            }

            return slot;
        }
    }

    // Remembers as many hashes as there are entries: enough to recognise an entry that returns within one round of the main queue.
    private void Remember(int ghost)
    {
        if (_ghosts.Add(ghost))
        {
            _ghostOrder.Enqueue(ghost);
        }

        while (_ghostOrder.Count > Math.Max(_main.Count + _small.Count, 64))
        {
            _ghosts.Remove(_ghostOrder.Dequeue());
        }
    }
}
