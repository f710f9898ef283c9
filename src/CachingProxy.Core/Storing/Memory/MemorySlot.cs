namespace CachingProxy.Core.Storing.Memory;

/// <summary>An entry in the memory store, with what eviction wants to know of it.</summary>
internal sealed class MemorySlot(CacheEntry entry)
{
    // Measured once, rounded up: the objects of an entry and of its place in the index and the queue.
    private const int BookkeepingBytes = 800;

    // Enough to tell what is used now and then from what is used all the time (S3-FIFO counts to three as well).
    private const int MaxUses = 3;

    private int _uses;

    public CacheEntry Entry => entry;

    public long Bytes { get; } = SizeOf(entry) + (entry.Body.Length ?? 0);

    public bool WasUsed => Volatile.Read(ref _uses) > 0;

    /// <summary>Where it stands in eviction's queues.</summary>
    public LinkedListNode<MemorySlot>? Place { get; set; }

    /// <summary>What the head of an entry counts, without its content.</summary>
    public static long SizeOf(CacheEntry entry)
    {
        var characters = entry.Key.Target.Length + entry.Partition.ClientHost.Length + entry.Variant.Characters
            + (entry.Part?.Asked.Length ?? 0)
            + (ReferenceEquals(entry.Target, entry.Key.Target) ? 0 : entry.Target.Length);
        foreach (var field in entry.Fields.AsSpan())
        {
            // 32: the pair in its array and the header of a string. Field names are mostly shared.
            characters += 32;
            foreach (var line in field.Value)
            {
                characters += line?.Length ?? 0;
            }
        }

        return BookkeepingBytes + (2L * characters);
    }

    // A race between two readers loses a count, which is of no consequence; a lock here would be.
    public void Use()
    {
        if (_uses < MaxUses)
        {
            Volatile.Write(ref _uses, _uses + 1);
        }
    }

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
