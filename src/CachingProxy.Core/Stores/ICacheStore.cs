using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;

namespace CachingProxy.Core.Stores;

/// <summary>
/// Keeps entries. All members are safe for any number of threads. A store never returns an error: an entry that it cannot find or read
/// counts as absent.
/// </summary>
public interface ICacheStore
{
    /// <summary>Returns all entries for a URI, of every partition and variant, the newest last.</summary>
    ValueTask<IReadOnlyList<CacheEntry>> FindAsync(CacheKey key);

    /// <summary>
    /// Begins to store an entry. Returns null where the store does not keep it, for example because it is too large. The entry is found
    /// once its writer has completed it, unless the store has an entry for the same variant with a later <see cref="CacheEntry.Position"/>
    /// or <see cref="CacheEntry.ReceivedAt"/>. A writer that is disposed before it has completed leaves nothing behind.
    /// </summary>
    /// <param name="entry">All but the content.</param>
    /// <param name="contentLength">The length of the content, where it is known.</param>
    EntryWriter? OpenWriter(CacheEntry entry, long? contentLength);

    /// <summary>
    /// Puts <paramref name="freshened"/>, with the same content, in the place of <paramref name="entry"/>. Returns false where <paramref
    /// name="entry"/> is no longer there, or the store cannot write.
    /// </summary>
    ValueTask<bool> UpdateAsync(CacheEntry entry, CacheEntry freshened);

    /// <summary>Removes one entry, if it is still there.</summary>
    ValueTask RemoveAsync(CacheEntry entry);

    /// <summary>Removes all entries for a URI.</summary>
    ValueTask RemoveAllAsync(CacheKey key);

    /// <summary>Removes everything.</summary>
    ValueTask ClearAsync();

    /// <summary>Shows the entries; null where the store cannot be walked through.</summary>
    IStoreInspector? Inspector => null;
}
