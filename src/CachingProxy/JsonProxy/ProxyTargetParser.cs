using CachingProxy.Core.Keys;
using CachingProxy.Http.Targets;

namespace CachingProxy.JsonProxy;

/// <summary>
/// Reads the <c>url</c> of <c>/proxy</c>: absolute, or relative to the origin. A URL that is accepted has only one meaning; a faulty one is
/// refused, not repaired. <see cref="TargetGuard"/> decides whether the target may be reached.
/// </summary>
internal sealed class ProxyTargetParser(OriginBase? origin)
{
    /// <summary>The longest URL, decoded.</summary>
    public const int MaxLength = 2048;

    /// <summary>Reads a URL, decoded from the query once.</summary>
    public ProxyTarget Parse(string url)
    {
        if (url.Length > MaxLength)
        {
            return ProxyTarget.Invalid($"The url is {url.Length} characters long; at most {MaxLength} are permitted.");
        }

        if (url.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            return ProxyTarget.Invalid(
                "The url holds a blank, a control character or a letter beyond ASCII; percent-encode it, and then the whole url once more."
            );
        }

        if (url.Contains('#', StringComparison.Ordinal))
        {
            return ProxyTarget.Invalid("The url has a fragment (#), which is never sent to a server; leave it out.");
        }

        var colon = url.AsSpan().IndexOfAny(":/?");
        return colon > 0 && url[colon] == ':' ? ParseAbsolute(url, url[..colon].ToLowerInvariant()) : ParseRelative(url);
    }

    private ProxyTarget ParseRelative(string url)
    {
        if (origin is null)
        {
            return ProxyTarget.Invalid("The url is relative, and no --origin is configured; give an absolute http or https URL.");
        }

        if (url.StartsWith("//", StringComparison.Ordinal))
        {
            return ProxyTarget.Invalid("The url begins with two slashes; give a path, or an absolute URL with http: or https:.");
        }

        var target = url.StartsWith('/') ? url : "/" + url;
        if (!UriNormalization.IsValidPathWithAcceptableQuery(target))
        {
            return ProxyTarget.Invalid("The url is no valid path and query; encode other characters as %HH.");
        }

        if (UriNormalization.LeavesBase(target) || origin.KeyOf(target) is not { } key)
        {
            return ProxyTarget.Invalid("The url leaves the origin's base path with its '..' segments.");
        }

        return ProxyTarget.Of(key, origin.Url.IdnHost, origin.Url.Port);
    }

    private ProxyTarget ParseAbsolute(string url, string scheme)
    {
        if (scheme is not ("http" or "https") || !url.AsSpan(scheme.Length).StartsWith("://"))
        {
            return ProxyTarget.Invalid($"The url's scheme is '{scheme}'; permitted are http:// and https://.");
        }

        var (authority, target) = UriNormalization.Split(url[(scheme.Length + 3)..]);
        if (authority.Contains('@', StringComparison.Ordinal))
        {
            return ProxyTarget.Invalid("The url has user information (user:password@), which is not permitted.");
        }

        if (UriNormalization.NormaliseHost(scheme, authority) is not { } host)
        {
            return ProxyTarget.Invalid("The url must name a host, with a port from 1 to 65535 if any.");
        }

        if (!UriNormalization.IsValidPathWithAcceptableQuery(target))
        {
            return ProxyTarget.Invalid("The url's path or query is not valid; encode other characters as %HH.");
        }

        // IPv4 in all its short, octal and hexadecimal spellings becomes the address that would be connected to.
        if (
            !Uri.TryCreate($"{scheme}://{host}", UriKind.Absolute, out var uri)
            || uri.HostNameType is UriHostNameType.Unknown or UriHostNameType.Basic
            || (uri.HostNameType == UriHostNameType.Dns && LooksLikeNumber(uri.IdnHost))
        )
        {
            return ProxyTarget.Invalid("The url's host is neither a name nor an address.");
        }

        var canonical = uri.IsDefaultPort ? uri.Host : $"{uri.Host}:{uri.Port}";
        var key = new CacheKey($"{scheme}://{canonical}", target);
        return origin is null || key.Authority != origin.Authority || origin.Contains(target)
            ? ProxyTarget.Of(key, uri.IdnHost, uri.Port)
            : ProxyTarget.Invalid("The url is on the origin's host and outside of its base path.");
    }

    // As browsers have it: a name whose last label is a number is a broken address.
    private static bool LooksLikeNumber(string host)
    {
        var last = host.TrimEnd('.').Split('.')[^1];
        return last.All(char.IsAsciiDigit)
            || (last.StartsWith("0x", StringComparison.OrdinalIgnoreCase) && last[2..].All(char.IsAsciiHexDigit));
    }
}
