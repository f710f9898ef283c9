using CachingProxy.Core.Keys;

namespace CachingProxy.Http.Targets;

/// <summary>
/// An origin's base URL, split once into its authority and its base path. The key of every target below the URL begins with these two
/// parts.
/// </summary>
public sealed class OriginBase
{
    private readonly string _basePath;

    /// <summary>Takes an absolute http or https URL apart; its query and fragment play no part.</summary>
    public OriginBase(Uri url)
    {
        ArgumentNullException.ThrowIfNull(url);
        Url = url;
        var host = UriNormalization.HostOf(url);
        Authority = $"{url.Scheme}://{UriNormalization.NormaliseHost(url.Scheme, url.IsDefaultPort ? host : $"{host}:{url.Port}")}";
        _basePath = url.AbsolutePath.TrimEnd('/');
    }

    /// <summary>The URL as configured.</summary>
    public Uri Url { get; }

    /// <summary>Scheme and host, normalised.</summary>
    public string Authority { get; }

    /// <summary>
    /// Returns the keys that a path may mean if nobody knows whether it includes the base path. The first key is for the path below the
    /// base path, as clients ask for it. If the path already begins with the base path, the second key is for the path as it is.
    /// </summary>
    public IEnumerable<CacheKey> KeysOfClientPath(string target)
    {
        if (KeyOf(target) is { } below)
        {
            yield return below;
        }

        if (_basePath.Length > 0 && Contains(target))
        {
            yield return new CacheKey(Authority, target);
        }
    }

    /// <summary>
    /// Returns true if a target on the origin's host is the base path or below it, however a server reads the dots and encodings in it.
    /// </summary>
    public bool Contains(string target)
    {
        ArgumentNullException.ThrowIfNull(target);
        return _basePath.Length == 0
            || (
                target.StartsWith(_basePath, StringComparison.Ordinal)
                && (target.Length == _basePath.Length || target[_basePath.Length] is '/' or '?')
                && !UriNormalization.LeavesBase(target[_basePath.Length..])
            );
    }

    /// <summary>
    /// Returns the path and query by which clients ask for a target that is the base path or below it (<see cref="Contains"/>).
    /// </summary>
    public string WithoutBase(string target)
    {
        ArgumentNullException.ThrowIfNull(target);
        var below = target[_basePath.Length..];
        return below.StartsWith('/') ? below : "/" + below;
    }

    /// <summary>
    /// Returns the key of a target below the base, with exactly one slash between base and target; null where the target could be read as
    /// leaving the base path.
    /// </summary>
    /// <param name="target">A valid target, which begins with a slash.</param>
    public CacheKey? KeyOf(string target)
    {
        if (_basePath.Length == 0)
        {
            return new CacheKey(Authority, target);
        }

        return UriNormalization.LeavesBase(target) ? null : new CacheKey(Authority, _basePath + target);
    }
}
