using CachingProxy.Core.Entries;

namespace CachingProxy.Core.Stores.Memory;

/// <summary>The place of an entry in the memory store: gives access to the entry, and holds the data that eviction needs.</summary>
internal abstract class MemorySlot
{
    // Three uses are enough to distinguish entries that are used now and then from entries that are used all the time (S3-FIFO counts to
    // three as well).
    private const int MaxUses = 3;

    private int _uses;
    private MemorySlot? _nextOfChain;

    /// <summary>The bytes of the entry: head, content and bookkeeping.</summary>
    public long Bytes { get; private set; }

    /// <summary>The hash of the entry's key, used to find the entry, and to recognise it after it has left.</summary>
    public int Hash { get; private set; }

    /// <summary>The number of recent uses, at most three.</summary>
    public int Uses => Volatile.Read(ref _uses);

    /// <summary>
    /// The queue that holds the slot; null where none does. Only <see cref="SlotQueue"/> sets it, <see cref="Older"/> and <see
    /// cref="Newer"/>.
    /// </summary>
    public SlotQueue? Queue { get; set; }

    public MemorySlot? Older { get; set; }

    public MemorySlot? Newer { get; set; }

    /// <summary>The next slot in the same chain of the index. Only <see cref="SlotIndex"/> changes it.</summary>
    public ref MemorySlot? NextOfChain => ref _nextOfChain;

    /// <summary>The bytes that the budget counts for this slot alone. Bytes in a slab are counted with the slab.</summary>
    public abstract long OwnBytes { get; }

    /// <summary>Returns the entry with its content; null after <see cref="Leave"/>. Takes no lock.</summary>
    public abstract CacheEntry? Load();

    /// <summary>Returns the entry, perhaps without its content. The caller holds the lock of the shard.</summary>
    public abstract CacheEntry LoadHead();

    /// <summary>Detaches the slot from its entry.</summary>
    public abstract void Leave();

    // A race between two readers may lose a count, which does no harm. A lock here would cost time.
    public void Use()
    {
        if (_uses < MaxUses)
        {
            Volatile.Write(ref _uses, _uses + 1);
        }
    }

    /// <summary>Sets the size and the hash of the entry that takes the slot, and resets the number of uses.</summary>
    protected void Begin(long bytes, int hash) => (Bytes, Hash, _uses) = (bytes, hash, 0);

    /// <summary>Takes one use back; false where there was none.</summary>
    public bool TryForgetUse()
    {
        if (_uses == 0)
        {
            return false;
        }

        Volatile.Write(ref _uses, _uses - 1);
        return true;
    }
}
