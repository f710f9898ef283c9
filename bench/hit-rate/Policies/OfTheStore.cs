using CachingProxy.Core.Entries;
using CachingProxy.Core.Stores.Memory;

namespace CachingProxy.HitRate.Policies;

/// <summary>What the memory store does, by its own code.</summary>
internal sealed class OfTheStore(long maxBytes) : IEvictionPolicy
{
    private readonly Dictionary<int, MemorySlot> _slots = [];
    private readonly Dictionary<MemorySlot, int> _keys = [];
    private readonly Eviction _eviction = new();

    public bool Access(int key, int bytes)
    {
        if (_slots.TryGetValue(key, out var slot))
        {
            slot.Use();
            return true;
        }

        if (bytes > maxBytes)
        {
            return false;
        }

        slot = new Slot(bytes, key);
        _slots.Add(key, slot);
        _keys.Add(slot, key);
        _eviction.Add(slot, wasUsed: false);
        while (_eviction.HeldBytes > maxBytes && _eviction.Evict() is { } evicted)
        {
            _keys.Remove(evicted, out var gone);
            _slots.Remove(gone);
        }

        return false;
    }

    // A slot without an entry: eviction alone is looked at.
    private sealed class Slot : MemorySlot
    {
        public Slot(long bytes, int hash) => Begin(bytes, hash);

        public override long OwnBytes => Bytes;

        public override CacheEntry? Load() => null;

        public override CacheEntry LoadHead() => throw new NotSupportedException();

        public override void Leave() { }
    }
}
