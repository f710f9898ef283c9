using System.Collections;

namespace CachingProxy.Core.Storing.Memory;

/// <summary>The entries in the slots of one URI, seen as a list. Looking at one counts as a use of it.</summary>
internal sealed class MemorySlotList(MemorySlot[] slots) : IReadOnlyList<CacheEntry>
{
    public int Count => slots.Length;

    public CacheEntry this[int index]
    {
        get
        {
            slots[index].Use();
            return slots[index].Entry;
        }
    }

    public IEnumerator<CacheEntry> GetEnumerator() => slots.Select(slot => slot.Entry).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
