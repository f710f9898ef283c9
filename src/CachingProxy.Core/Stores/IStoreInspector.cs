using CachingProxy.Core.Entries;

namespace CachingProxy.Core.Stores;

/// <summary>Shows the entries of a store, a page at a time, without holding up who uses it. Safe for any number of threads.</summary>
public interface IStoreInspector
{
    /// <summary>
    /// Returns entries from a place on, in no particular order. Entries that come or go meanwhile may be shown or not; no entry that stays
    /// is left out. Looks at a bounded part of the store in one call, and so may return fewer than asked for, or none, before the end. May
    /// return some more than asked for: entries of one URI are not torn apart.
    /// </summary>
    /// <param name="from">The place to begin at: 0, or the <see cref="EntryPage.Next"/> of the page before.</param>
    /// <param name="max">The most entries to return.</param>
    /// <param name="isWanted">Tells whether to return an entry.</param>
    ValueTask<EntryPage> ListAsync(long from, int max, Func<CacheEntry, bool> isWanted);
}
