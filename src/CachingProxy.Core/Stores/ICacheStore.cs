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
    /// Begins to store an entry; null where the store would not keep one of its size. An entry is found once its writer
    /// has completed it, unless one for the same variant with a later <see cref="CacheEntry.Position"/> is there; a writer that
    /// is disposed before leaves nothing behind.
    /// </summary>
    /// <param name="entry">All but the content.</param>
    /// <param name="contentLength">The length of the content, where it is known.</param>
    EntryWriter? OpenWriter(CacheEntry entry, long? contentLength);

    /// <summary>
    /// Puts <paramref name="freshened"/>, with the same content, in the place of <paramref name="entry"/>. False where that is not there
    /// any more.
    /// </summary>
    ValueTask<bool> UpdateAsync(CacheEntry entry, CacheEntry freshened);

    /// <summary>Removes one entry, if it is still there.</summary>
    ValueTask RemoveAsync(CacheEntry entry);

    /// <summary>Removes all entries for a URI.</summary>
    ValueTask RemoveAllAsync(CacheKey key);

    /// <summary>Removes everything.</summary>
    ValueTask ClearAsync();
}
