using CachingProxy.Core.Entries;

namespace CachingProxy.Core.Stores;

/// <summary>Chooses the entries of a URI that make room for a new one, in every store alike.</summary>
public static class Replacement
{
    /// <summary>
    /// The largest number of entries of one URI within a partition. One more replaces the oldest part of a representation, or the oldest
    /// entry where no part is stored.
    /// </summary>
    public const int MaxVariants = 32;

    /// <summary>The largest number of entries of one URI in all partitions; one more replaces the oldest.</summary>
    public const int MaxEntriesPerUri = 256;

    /// <summary>
    /// Returns the stored entries of a URI that a new entry replaces, the oldest first. Returns null where the new entry must not be
    /// stored: it would replace an entry that was fetched after a later purge, or that was received later.
    /// </summary>
    public static IReadOnlyList<CacheEntry>? Replaced(CacheEntry entry, IReadOnlyList<CacheEntry> siblings)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(siblings);
        var superseded = siblings.Where(entry.Supersedes).ToList();
        if (superseded.Any(other => other.Position.IsAfter(entry.Position) || other.ReceivedAt > entry.ReceivedAt))
        {
            return null;
        }

        if (superseded.Count > 0)
        {
            return superseded;
        }

        var variants = siblings.Where(other => other.Partition == entry.Partition).ToList();
        // Replaces a part of a representation first: losing a part costs least.
        if (variants.Count >= MaxVariants)
        {
            return [variants.Find(other => other.Part is not null) ?? variants[0]];
        }

        if (siblings.Count >= MaxEntriesPerUri)
        {
            return [siblings[0]];
        }

        return [];
    }
}
