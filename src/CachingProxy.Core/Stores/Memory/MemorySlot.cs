using CachingProxy.Core.Entries;

namespace CachingProxy.Core.Stores.Memory;

/// <summary>The place of an entry in the memory store: gives access to the entry, and holds the data that eviction needs.</summary>
internal abstract class MemorySlot
{
    // Enough to tell what is used now and then from what is used all the time (S3-FIFO counts to three as well).
    private const int MaxUses = 3;

    private int _uses;
    private MemorySlot? _nextOfChain;

    /// <summary>The bytes of the entry: head, content and bookkeeping.</summary>
    public long Bytes { get; private set; }

    /// <summary>The hash of the entry's key, used to find the entry, and to recognise it after it has left.</summary>
    public int Hash { get; private set; }

    /// <summary>The number of uses of late.</summary>
    public int Uses => Volatile.Read(ref _uses);

    /// <summary>The queue that it stands in, with its neighbours; for the queue.</summary>
    public SlotQueue? Queue { get; set; }

    public MemorySlot? Older { get; set; }

    public MemorySlot? Newer { get; set; }

    /// <summary>The next slot in the same chain of the index; for the index.</summary>
    public ref MemorySlot? NextOfChain => ref _nextOfChain;

    /// <summary>The bytes that are counted by themselves, and not with a slab.</summary>
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

    /// <summary>An entry takes the slot.</summary>
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
