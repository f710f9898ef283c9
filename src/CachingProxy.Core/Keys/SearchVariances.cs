using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace CachingProxy.Core.Keys;

/// <summary>
/// Remembers, for each path, the parts of the query that its responses call irrelevant (<c>No-Vary-Search</c>). Such a response is stored
/// under its target without those parts, so that every spelling finds it. Finding or purging a URI tries every variance recorded for its
/// path. This is only an index: a stored response's own <see cref="SearchVariance"/> decides whether it answers. Safe for any number of
/// threads.
/// </summary>
internal sealed class SearchVariances
{
    /// <summary>
    /// The largest number of paths that are remembered. The <c>No-Vary-Search</c> of any further path is ignored, and every byte of its
    /// query matters.
    /// </summary>
    public const int MaxPaths = 10_000;

    /// <summary>The largest number of variances that are kept for one path; further ones are ignored.</summary>
    public const int MaxPerPath = 4;

    private readonly ConcurrentDictionary<(string Authority, string Path), ImmutableArray<SearchVariance>> _byPath = new();
    private int _count;

    /// <summary>
    /// Returns the keys under which responses for a URI may be stored: one for each variance of its path, and last the URI itself.
    /// </summary>
    public ImmutableArray<CacheKey> KeysOf(CacheKey uri) =>
        Volatile.Read(ref _count) > 0 && _byPath.TryGetValue(PathOf(uri), out var variances)
            ? [.. variances.Select(variance => KeyOf(uri, variance)).Where(key => key != uri).Distinct(), uri]
            : [uri];

    /// <summary>
    /// True if no response under any path has named irrelevant parts of the query, so that each URI has only its own key.
    /// </summary>
    public bool AreEmpty => Volatile.Read(ref _count) == 0;

    /// <summary>
    /// Returns the key of a response to a URI: the URI without the parts of the query that the response calls irrelevant.
    /// </summary>
    public static CacheKey KeyOf(CacheKey uri, SearchVariance? variance) =>
        variance is null ? uri : uri with { Target = variance.Canonicalise(uri.Target) };

    /// <summary>
    /// Records the variance that a response for a URI states. Returns false where there is no room: the variance must then be ignored.
    /// </summary>
    public bool TryLearn(CacheKey uri, SearchVariance variance)
    {
        var path = PathOf(uri);
        if (Volatile.Read(ref _count) >= MaxPaths && !_byPath.ContainsKey(path))
        {
            return false;
        }

        var known = _byPath.AddOrUpdate(
            path,
            [variance],
            (_, before) => before.Length >= MaxPerPath || before.Any(variance.IsSameAs) ? before : before.Add(variance)
        );
        Volatile.Write(ref _count, _byPath.Count);
        return known.Any(variance.IsSameAs);
    }

    private static (string Authority, string Path) PathOf(CacheKey uri) =>
        (uri.Authority, uri.Target.IndexOf('?', StringComparison.Ordinal) is var query and >= 0 ? uri.Target[..query] : uri.Target);
}
