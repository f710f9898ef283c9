namespace CachingProxy.Core.Stores.Memory;

/// <summary>
/// The slots of a shard by the hash of their key: as many chains as are worth having for the room there is, linked through the slots
/// themselves, so that an entry costs no object but its own. Looking takes no lock, and sees all that stay; changes are made by whoever
/// holds the lock of the shard.
/// </summary>
internal sealed class SlotIndex(long maxBytes)
{
    // A chain for what a small response takes: of about two slots each when the store is full of them.
    private const int BytesPerChain = 2048;
    private const long MinChains = 16;
    private const long MaxChains = 1 << 22;

    private readonly MemorySlot?[] _chains = new MemorySlot?[ChainsFor(maxBytes)];

    private int _changes;

    /// <summary>How often a slot was taken out.</summary>
    public int Changes => Volatile.Read(ref _changes);

    /// <summary>The first slot of those with a hash, and some others; the next ones are behind it.</summary>
    public MemorySlot? First(int hash) => Volatile.Read(ref ChainOf(hash));

    /// <summary>Adds a slot as the last of its chain.</summary>
    public void Add(MemorySlot slot)
    {
        slot.NextOfChain = null;
        ref var last = ref ChainOf(slot.Hash);
        while (last is not null)
        {
            last = ref last.NextOfChain;
        }

        Volatile.Write(ref last, slot);
    }

    /// <summary>Takes a slot out. Whoever is looking at it finds those behind it, until another entry takes it.</summary>
    public void Remove(MemorySlot slot)
    {
        ref var here = ref ChainOf(slot.Hash);
        while (here is not null && !ReferenceEquals(here, slot))
        {
            here = ref here.NextOfChain;
        }

        Volatile.Write(ref here, slot.NextOfChain);
        Volatile.Write(ref _changes, _changes + 1);
    }

    /// <summary>Returns the bytes of an index by itself.</summary>
    public static long BytesFor(long maxBytes) => ChainsFor(maxBytes) * IntPtr.Size;

    private static long ChainsFor(long maxBytes) => Math.Clamp(maxBytes / BytesPerChain, MinChains, MaxChains);

    private ref MemorySlot? ChainOf(int hash) => ref _chains[(uint)hash / 16 % (uint)_chains.Length];
}
