namespace CachingProxy.Core.Storing.Memory;

/// <summary>An entry in the memory store, with what eviction wants to know of it.</summary>
internal sealed class MemorySlot
{
    // The objects of an entry and of its place in the index and the queue, and those around its content.
    private const int BookkeepingBytes = 540;

    // A pair in the array of the fields.
    private const int FieldBytes = 24;

    // Fields whose values most responses have in common, so that SharedTexts keeps them once.
    private static readonly HashSet<string> Shared = new(StringComparer.OrdinalIgnoreCase)
    {
        "Date", "Content-Type", "Cache-Control", "Server", "Via", "Vary", "Content-Encoding", "Accept-Ranges", "Content-Language", "Access-Control-Allow-Origin",
        "Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Content-Security-Policy", "X-Powered-By",
    };

    // Enough to tell what is used now and then from what is used all the time (S3-FIFO counts to three as well).
    private const int MaxUses = 3;

    private readonly CacheEntry? _entry;
    private int _uses;

    public MemorySlot(CacheEntry entry)
        : this(SizeOf(entry) + (entry.Body.Length ?? 0), entry.Key.GetHashCode()) => _entry = entry;

    /// <summary>A slot without an entry, to look at eviction alone.</summary>
    internal MemorySlot(long bytes, int ghost)
    {
        Bytes = bytes;
        Ghost = ghost;
    }

    public CacheEntry Entry => _entry ?? throw new InvalidOperationException("A slot without an entry.");

    /// <summary>What it takes, head, content and bookkeeping.</summary>
    public long Bytes { get; }

    /// <summary>What it is recognised by after it has left.</summary>
    public int Ghost { get; }

    public bool WasUsed => Volatile.Read(ref _uses) > 0;

    /// <summary>The queue that it stands in, with its neighbours; for the queue.</summary>
    public SlotQueue? Queue { get; set; }

    public MemorySlot? Older { get; set; }

    public MemorySlot? Newer { get; set; }

    /// <summary>What an entry counts without its content. Measured by <c>bench/memory</c>, which prints how far it is off.</summary>
    public static long SizeOf(CacheEntry entry)
    {
        var bytes = BookkeepingBytes + OfText(entry.Key.Target) + OfText(entry.Partition.Query) + (2 * entry.Variant.Characters) + OfText(entry.Part?.Asked)
            + (ReferenceEquals(entry.Target, entry.Key.Target) ? 0 : OfText(entry.Target));
        foreach (var (name, values) in entry.Fields.AsSpan())
        {
            bytes += FieldBytes;
            foreach (var value in values)
            {
                bytes += Shared.Contains(name) ? 0 : OfText(value);
            }
        }

        foreach (var tag in entry.Tags)
        {
            bytes += OfText(tag);
        }

        return bytes;
    }

    private static long OfText(string? text) => text is null ? 0 : 24 + (2L * text.Length);

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
