using System.Collections.Concurrent;

namespace CachingProxy.Core.Keys;

/// <summary>
/// What the responses under each path have said of their queries, so that a request finds what is stored under another
/// spelling of its URI. It is an index only: whether a stored response answers is decided by its own
/// <see cref="SearchVariance"/>. Safe for any number of threads.
/// </summary>
internal sealed class SearchVariances
{
    /// <summary>The most paths that are remembered; at one more all are forgotten, which costs misses and no more.</summary>
    public const int MaxPaths = 10_000;

    private readonly ConcurrentDictionary<(string Authority, string Path), SearchVariance> _byPath = new();
    private int _count;

    /// <summary>The key that responses for a URI are stored under.</summary>
    public CacheKey KeyOf(CacheKey uri) =>
        Volatile.Read(ref _count) > 0 && _byPath.TryGetValue(PathOf(uri), out var variance) ? uri with { Target = variance.Canonicalise(uri.Target) } : uri;

    /// <summary>A response for a URI has said this of its query. The last word of a path counts for all of it.</summary>
    public void Learn(CacheKey uri, SearchVariance variance)
    {
        if (_byPath.Count >= MaxPaths)
        {
            _byPath.Clear();
        }

        _byPath[PathOf(uri)] = variance;
        Volatile.Write(ref _count, _byPath.Count);
    }

    private static (string Authority, string Path) PathOf(CacheKey uri) =>
        (uri.Authority, uri.Target.IndexOf('?', StringComparison.Ordinal) is var query and >= 0 ? uri.Target[..query] : uri.Target);
}
