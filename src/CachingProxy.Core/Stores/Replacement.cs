using CachingProxy.Core.Entries;

namespace CachingProxy.Core.Stores;

/// <summary>Chooses the entries of a URI that make room for a new one, in every store alike.</summary>
public static class Replacement
{
    /// <summary>The most variants of one URI within a partition; one more replaces the oldest.</summary>
    public const int MaxVariants = 32;

    /// <summary>The most entries of one URI in all partitions; one more replaces the oldest.</summary>
    public const int MaxEntriesPerUri = 256;

    /// <summary>
    /// Returns the stored entries of a URI that a new one replaces, the oldest first; null where the new one must not be stored: a response
    /// fetched before a purge, or received earlier, never takes the place of one fetched or received after it.
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
        // A part is the least loss.
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
