using CachingProxy.Core.Entries;

namespace CachingProxy.Core.Stores.Memory;

/// <summary>The place of an entry that is kept as an object, because it is large or of a rare kind.</summary>
internal sealed class ObjectSlot : MemorySlot
{
    // The bytes of the objects that every entry needs: for itself, for its place in the index and the queue, and around its content.
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
    /// Returns the bytes that are counted for an entry without its content. <c>bench/memory</c> measures the real bytes, and prints by how
    /// much the count differs.
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
    public override CacheEntry LoadHead() => _entry ?? throw new InvalidOperationException("The slot holds no entry.");

    /// <inheritdoc/>
    public override void Leave() => Volatile.Write(ref _entry, null);
}
