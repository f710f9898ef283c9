using CachingProxy.Core.Entries;

namespace CachingProxy.Core.Stores.Memory;

/// <summary>The place of an entry that stays the object that it is, because it is large, or of a rare kind.</summary>
internal sealed class ObjectSlot : MemorySlot
{
    // The objects of an entry and of its place in the index and the queue, and those around its content.
    private const int BookkeepingBytes = 580;

    private CacheEntry? _entry;

    public ObjectSlot(CacheEntry entry)
    {
        _entry = entry with { Fields = SharedTexts.Share(entry.Fields) };
        Begin(SizeOf(entry) + (entry.Body.Length ?? 0), entry.Key.GetHashCode());
    }

    /// <inheritdoc/>
    public override long OwnBytes => Bytes;

    /// <summary>
    /// Returns the bytes that an entry counts without its content. Measured by <c>bench/memory</c>, which prints how far the sum is off.
    /// </summary>
    public static long SizeOf(CacheEntry entry)
    {
        long bytes = BookkeepingBytes;
        foreach (var property in StoredProperty.All)
        {
            bytes += property.Bytes(entry);
        }

        return bytes;
    }

    /// <inheritdoc/>
    public override CacheEntry? Load() => Volatile.Read(ref _entry);

    /// <inheritdoc/>
    public override CacheEntry LoadHead() => _entry ?? throw new InvalidOperationException("The slot is left.");

    /// <inheritdoc/>
    public override void Leave() => Volatile.Write(ref _entry, null);
}
