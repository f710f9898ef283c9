using CachingProxy.AspNetCore.Gate;
using CachingProxy.Core.Keys;
using CachingProxy.Http.Targets;
using CachingProxy.JsonProxy;

namespace CachingProxy.Admin;

/// <summary>
/// Resolves a URL as a user sees it: a URL of the origin, a path of the origin, or the URL of this proxy that a browser or a terminal
/// shows, <c>http://localhost:3000/products</c> or <c>http://localhost:3000/proxy?url=products</c>.
/// </summary>
internal sealed class PurgeTargets(ProxyTargetParser targets, OriginBase? origin, AllowedHosts hosts)
{
    private const string OnProxy = "/proxy?url=";

    /// <summary>Returns the upstream URI, or what is wrong with the URL.</summary>
    /// <param name="url">The URL, decoded once.</param>
    /// <param name="host">The host by which this proxy was asked, normalised.</param>
    /// <param name="port">The port that it was asked on.</param>
    public (CacheKey? Key, string? Error) Resolve(string url, string host, int port) =>
        Resolve(url, host, port, isAsClientsAsk: !url.StartsWith('/'));

    private (CacheKey? Key, string? Error) Resolve(string url, string host, int port, bool isAsClientsAsk)
    {
        if (PathHere(url, host, port) is not { } path)
        {
            var target = targets.Parse(url);
            return (target.Key, target.Error);
        }

        if (path.StartsWith(OnProxy, StringComparison.Ordinal))
        {
            // The user may have pasted the inner URL without encoding it once more. Then everything after ?url= is the inner URL.
            return Resolve(
                QueryParameters.Of(path).ToList() is [var only] ? only.Value : path[OnProxy.Length..],
                host,
                port,
                isAsClientsAsk: true
            );
        }

        if (origin is null)
        {
            return (null, $"'{url}' is a path of the origin, and no --origin is configured; give an absolute http or https URL.");
        }

        // A bare path that begins with the base path already is taken as a path of the origin, not as a path that clients ask for.
        var key = isAsClientsAsk ? origin.KeyOf(path) : origin.KeysOfClientPath(path).Cast<CacheKey?>().LastOrDefault();
        if (!UriNormalization.IsAcceptableRequestTarget(path))
        {
            return (null, $"'{url}' is no path and query; encode other characters as %HH.");
        }

        if (key is null)
        {
            return (null, $"'{url}' leaves the origin's base path with its '..' segments.");
        }

        return (key, null);
    }

    // The path and query of a URL on this very proxy; null where it is on another host.
    private string? PathHere(string url, string host, int port)
    {
        if (url.StartsWith('/'))
        {
            return url.StartsWith("//", StringComparison.Ordinal) ? null : url;
        }

        var scheme = url.Split("://")[0].ToLowerInvariant();
        if (scheme is not ("http" or "https"))
        {
            // A colon before the first slash or question mark ends another scheme, or something that cannot be told from a scheme.
            if (url.AsSpan().IndexOfAny(":/?") is var first && first >= 0 && url[first] == ':')
            {
                return null;
            }

            if (origin is null)
            {
                return null;
            }

            return "/" + url;
        }

        var (authority, target) = UriNormalization.Split(url[(scheme.Length + 3)..]);
        var named = UriNormalization.NormaliseHost(scheme, authority);
        var isHere =
            named is not null
            && $"{scheme}://{named}" != origin?.Authority
            && (named == host || (hosts.IsOurs(named) && PortOf(named, scheme) == port));
        return isHere ? target : null;
    }

    private static int PortOf(string host, string scheme)
    {
        if (UriNormalization.WithoutPort(host).Length is var name && name < host.Length)
        {
            return int.Parse(host.AsSpan(name + 1), System.Globalization.CultureInfo.InvariantCulture);
        }

        if (scheme == "https")
        {
            return 443;
        }

        return 80;
    }
}
