using CachingProxy.Core.Keys;

namespace CachingProxy.Core.Stores;

/// <summary>Names the responses to forget, on all faces and for all hosts and variants.</summary>
/// <param name="Kind">The kind of the purge.</param>
/// <param name="Authority">Scheme, host and port of the origin; empty for all origins.</param>
/// <param name="Text">For a URL: its path and query. For a prefix: its path, without a slash at its end. For a path: the path, without a
/// query. For a tag: its name. For everything: empty.</param>
/// <param name="IsSoft">True if the responses become stale at the moment of the purge instead of being gone.</param>
public sealed record Purge(PurgeKind Kind, string Authority, string Text, bool IsSoft)
{
    /// <summary>Returns the purge of everything.</summary>
    public static Purge All(bool isSoft = false) => new(PurgeKind.All, "", "", isSoft);

    /// <summary>Returns the purge of one URI.</summary>
    public static Purge Url(CacheKey key, bool isSoft = false) => new(PurgeKind.Url, key.Authority, key.Target, isSoft);

    /// <summary>Returns the purge of all URIs with the path of a key, whatever their query.</summary>
    public static Purge Path(CacheKey key, bool isSoft = false) => new(PurgeKind.Path, key.Authority, key.Target.Split('?')[0], isSoft);

    /// <summary>Returns the purge of a path of an origin, and all below it.</summary>
    public static Purge Prefix(string authority, string path, bool isSoft = false)
    {
        ArgumentNullException.ThrowIfNull(path);
        return new(PurgeKind.Prefix, authority, path.TrimEnd('/'), isSoft);
    }

    /// <summary>Returns the purge of a tag, of one origin or, with an empty <paramref name="authority"/>, of all.</summary>
    public static Purge Tag(string authority, string name, bool isSoft = false) => new(PurgeKind.Tag, authority, name, isSoft);

    /// <summary>Describes the purge for people, as this program has understood it.</summary>
    public override string ToString()
    {
        var what = Kind switch
        {
            PurgeKind.All => "everything",
            PurgeKind.Url => $"{Authority}{Text}",
            PurgeKind.Path => $"{Authority}{Text} with any query",
            PurgeKind.Prefix => $"{Authority}{Text}/ and all below it",
            _ => Authority.Length == 0 ? $"tag '{Text}' of every origin" : $"tag '{Text}' of {Authority}",
        };
        return IsSoft ? what + " (soft)" : what;
    }
}
