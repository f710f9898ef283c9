using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace CachingProxy.Core.Keys;

/// <summary>
/// Knows which parts of the query the responses under each path call irrelevant (<c>No-Vary-Search</c>). Such a response is stored under
/// its target without them, so that every spelling finds it; to find or to purge a URI, all that its path has ever said is tried. An index
/// only: its own <see cref="SearchVariance"/> decides whether a stored response answers. Safe for any number of threads.
/// </summary>
internal sealed class SearchVariances
{
    /// <summary>The most paths that are remembered. What the others say is not heeded, and every byte of their queries matters.</summary>
    public const int MaxPaths = 10_000;

    /// <summary>The most that one path may say; more is not heeded.</summary>
    public const int MaxPerPath = 4;

    private readonly ConcurrentDictionary<(string Authority, string Path), ImmutableArray<SearchVariance>> _byPath = new();
    private int _count;

    /// <summary>The keys that responses for a URI may be stored under: those that its path has led to, and its own, the last.</summary>
    public ImmutableArray<CacheKey> KeysOf(CacheKey uri) =>
        Volatile.Read(ref _count) > 0 && _byPath.TryGetValue(PathOf(uri), out var variances)
            ? [.. variances.Select(variance => KeyOf(uri, variance)).Where(key => key != uri).Distinct(), uri]
            : [uri];

    /// <summary>Tells whether no response under any path has named such parts, so that each URI has its own key alone.</summary>
    public bool AreEmpty => Volatile.Read(ref _count) == 0;

    /// <summary>Returns the key of a response that calls these parts of its query irrelevant.</summary>
    public static CacheKey KeyOf(CacheKey uri, SearchVariance? variance) =>
        variance is null ? uri : uri with { Target = variance.Canonicalise(uri.Target) };

    /// <summary>A response for a URI has said this of its query. False where it cannot be remembered, and so must not be heeded.</summary>
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
