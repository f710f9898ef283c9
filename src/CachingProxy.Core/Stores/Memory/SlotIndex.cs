using CachingProxy.Core.Entries;

namespace CachingProxy.Core.Stores.Memory;

/// <summary>
/// Finds the slots of a shard by the hash of their key. The number of chains depends on the room for entries. The slots themselves hold the
/// links of the chains, so that an entry costs no object but its own. A look-up takes no lock. It has seen all slots that stayed in the
/// index if <see cref="Changes"/> is the same before and after. Only the holder of the shard's lock makes changes.
/// </summary>
internal sealed class SlotIndex(long maxBytes)
{
    // The bytes of room for each chain. When the store is full of small responses, a chain has about two slots.
    private const int BytesPerChain = 2048;
    private const long MinChains = 16;
    private const long MaxChains = 1 << 22;

    // If writers change the index during every walk through a chain, the last one counts.
    private const int MaxLooks = 8;

    private readonly MemorySlot?[] _chains = new MemorySlot?[ChainsFor(maxBytes)];

    private int _changes;

    /// <summary>The number of slots taken out so far.</summary>
    public int Changes => Volatile.Read(ref _changes);

    /// <summary>The number of chains.</summary>
    public int Chains => _chains.Length;

    /// <summary>Returns the entries of a chain, by its number. Takes no lock, and does not count as a use.</summary>
    public List<CacheEntry> EntriesOf(int chain)
    {
        for (var attempt = 1; ; attempt++)
        {
            var changes = Changes;
            var entries = new List<CacheEntry>();
            for (var slot = Volatile.Read(ref _chains[chain]); slot is not null; slot = Volatile.Read(ref slot.NextOfChain))
            {
                if (slot.Load() is { } entry)
                {
                    entries.Add(entry);
                }
            }

            Interlocked.MemoryBarrier();
            // A slot that another entry took during the walk may have led into another chain.
            if (Changes == changes || attempt == MaxLooks)
            {
                return entries;
            }
        }
    }

    /// <summary>Returns the first slot of the chain for a hash; the others follow it. Some slots have other hashes.</summary>
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

    /// <summary>
    /// Takes a slot out. A reader that is at this slot still finds the slots behind it, until another entry takes this one.
    /// </summary>
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

    /// <summary>Returns the bytes that an index takes without the slots.</summary>
    public static long BytesFor(long maxBytes) => ChainsFor(maxBytes) * IntPtr.Size;

    private static long ChainsFor(long maxBytes) => Math.Clamp(maxBytes / BytesPerChain, MinChains, MaxChains);

    private ref MemorySlot? ChainOf(int hash) => ref _chains[(uint)hash / 16 % (uint)_chains.Length];
}
