using CachingProxy.Core.Entries;

namespace CachingProxy.Core.Stores.Memory;

/// <summary>The place of an entry that stays the object that it is, because it is large, or of a rare kind.</summary>
internal sealed class ObjectSlot : MemorySlot
{
    // The objects of an entry and of its place in the index and the queue, and those around its content.
    private const int BookkeepingBytes = 580;

    // A pair in the array of the fields.
    private const int FieldBytes = 24;

    // Fields whose values most responses have in common, so that SharedTexts keeps them once.
    private static readonly HashSet<string> Shared = new(StringComparer.OrdinalIgnoreCase)
    {
        "Date",
        "Content-Type",
        "Cache-Control",
        "Server",
        "Via",
        "Vary",
        "Content-Encoding",
        "Accept-Ranges",
        "Content-Language",
        "Access-Control-Allow-Origin",
        "Strict-Transport-Security",
        "X-Content-Type-Options",
        "X-Frame-Options",
        "Referrer-Policy",
        "Content-Security-Policy",
        "X-Powered-By",
    };

    private CacheEntry? _entry;

    public ObjectSlot(CacheEntry entry)
    {
        _entry = entry with { Fields = SharedTexts.Share(entry.Fields) };
        Begin(SizeOf(entry) + (entry.Body.Length ?? 0), entry.Key.GetHashCode());
    }

    /// <inheritdoc/>
    public override long OwnBytes => Bytes;

    /// <summary>What an entry counts without its content. Measured by <c>bench/memory</c>, which prints how far it is off.</summary>
    public static long SizeOf(CacheEntry entry)
    {
        var bytes =
            BookkeepingBytes
            + OfText(entry.Key.Target)
            + OfText(entry.Partition.Query)
            + (2 * entry.Variant.Characters)
            + OfText(entry.Part?.Asked)
            + (ReferenceEquals(entry.Target, entry.Key.Target) ? 0 : OfText(entry.Target));
        foreach (var (name, values) in entry.Fields.AsSpan())
        {
            bytes += FieldBytes;
            foreach (var value in values)
            {
                bytes += value?.Length <= SharedTexts.MaxLength && Shared.Contains(name) ? 0 : OfText(value);
            }
        }

        foreach (var tag in entry.Tags)
        {
            bytes += OfText(tag);
        }

        return bytes;
    }

    /// <inheritdoc/>
    public override CacheEntry? Load() => Volatile.Read(ref _entry);

    /// <inheritdoc/>
    public override CacheEntry LoadHead() => _entry ?? throw new InvalidOperationException("The slot is left.");

    /// <inheritdoc/>
    public override void Leave() => Volatile.Write(ref _entry, null);

    private static long OfText(string? text) => text is null ? 0 : 24 + (2L * text.Length);
}
