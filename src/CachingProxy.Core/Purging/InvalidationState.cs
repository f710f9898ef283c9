using CachingProxy.Core.Keys;
using CachingProxy.Core.Stores;

namespace CachingProxy.Core.Purging;

/// <summary>
/// The state that a check of the invalidation log reads in one step. The tables change in place; the rest is replaced as a whole.
/// </summary>
/// <param name="Epoch">The epoch of the log.</param>
/// <param name="Number">The number of the last purge.</param>
/// <param name="Horizon">The number below which purges are forgotten: an entry fetched before it is a miss.</param>
internal sealed record InvalidationState(long Epoch, long Number, long Horizon)
{
    /// <summary>The last purges of everything.</summary>
    public LastPurges All { get; init; }

    /// <summary>The last purge of each prefix.</summary>
    public PurgeTable Prefixes { get; } = new();

    /// <summary>The last purge of each path with whatever query.</summary>
    public PurgeTable Paths { get; } = new();

    /// <summary>The last purge of each tag.</summary>
    public PurgeTable Tags { get; } = new();

    /// <summary>The last soft purge of each URL.</summary>
    public PurgeTable SoftUrls { get; } = new();

    /// <summary>Returns the table for a purge. No table holds a hard purge of a URL, or a purge of everything.</summary>
    public PurgeTable TableOf(Purge purge) =>
        purge.Kind switch
        {
            PurgeKind.Url => SoftUrls,
            PurgeKind.Prefix => Prefixes,
            PurgeKind.Path => Paths,
            _ => Tags,
        };

    /// <summary>Adds the purges of paths and prefixes that match a URI.</summary>
    /// <remarks>A prefix consists of whole segments: /a/b is purged by the prefixes /a/b, /a and the empty one, but not by /a/.</remarks>
    public void AddPaths(ref PurgesSince since, CacheKey uri)
    {
        var prefixes = Prefixes;
        if (prefixes.IsEmpty && Paths.IsEmpty)
        {
            return;
        }

        var path = uri.Target.AsSpan();
        path = path.IndexOf('?') is var query and >= 0 ? path[..query] : path;
        since.Add(Paths.Find(uri.Authority, path));
        since.Add(prefixes.Find(uri.Authority, path));
        for (var slash = path.LastIndexOf('/'); slash >= 0; slash = path[..slash].LastIndexOf('/'))
        {
            since.Add(prefixes.Find(uri.Authority, path[..slash]));
        }
    }
}
