using System.Buffers;
using System.Globalization;

namespace CachingProxy.Core.Keys;

/// <summary>
/// Checks and normalises the parts of a URI. The result is used for the key and is sent to the origin, byte for byte. Scheme, host and an
/// empty path are normalised; path and query stay as received (RFC 9110 §4.2.3, §7.7).
/// </summary>
public static class UriNormalization
{
    // RFC 3986 §3.3, §3.4: pchar, slash and question mark; a percent sign is checked separately.
    private static readonly SearchValues<char> TargetCharacters = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=:@/?"
    );

    // Characters that browsers and curl send in paths although RFC 3986 would have them encoded. Each has one meaning only and passes
    // unchanged.
    private static readonly SearchValues<char> LenientTargetCharacters = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=:@/?[]|{}^`"
    );

    /// <summary>Tells whether path and query have only what RFC 3986 permits, with two hex digits after each percent sign.</summary>
    public static bool IsValidTarget(ReadOnlySpan<char> target) => IsTargetOf(target, TargetCharacters);

    /// <summary>
    /// Tells whether a target from the request line of a client is accepted unchanged. Its path may also contain the brackets, braces,
    /// pipes, carets and backticks that browsers leave unencoded. Its query may contain any visible ASCII, even a percent sign without
    /// digits: nginx and Varnish let such a query pass too. Blanks, control characters and fragments are never permitted. Double quotes and
    /// backslashes are not permitted in the path.
    /// </summary>
    public static bool IsAcceptableRequestTarget(ReadOnlySpan<char> target) =>
        IsPathOf(target, LenientTargetCharacters, out var query) && IsAcceptableQuery(query);

    /// <summary>
    /// Tells whether the path of a target holds only what RFC 3986 permits, and its query only what is accepted on a request line.
    /// </summary>
    public static bool IsValidPathWithAcceptableQuery(ReadOnlySpan<char> target) =>
        IsPathOf(target, TargetCharacters, out var query) && IsAcceptableQuery(query);

    /// <summary>
    /// Returns a host with an optional port in normalised form: in lower case, without the scheme's default port, and without one trailing
    /// dot. Returns null where the text is no host: it is empty, its port is outside 1 to 65535, or it has characters that no host name
    /// has.
    /// </summary>
    public static string? NormaliseHost(string scheme, string? host)
    {
        if (string.IsNullOrEmpty(host) || host.Length > 262)
        {
            return null;
        }

        var end = host[0] == '[' ? host.IndexOf(']', StringComparison.Ordinal) + 1 : host.IndexOf(':', StringComparison.Ordinal);
        var name = end > 0 ? host.AsSpan(0, end) : host.AsSpan();
        var port = end > 0 ? host.AsSpan(end) : [];
        if (end == 0 || !IsHostName(name))
        {
            return null;
        }

        var number = 0;
        if (
            !port.IsEmpty
            && (
                port[0] != ':'
                || port.Length is < 2 or > 6
                || port[1] == '0'
                || !int.TryParse(port[1..], NumberStyles.None, CultureInfo.InvariantCulture, out number)
                || number > 65535
            )
        )
        {
            return null;
        }

        var isDefault = number == (scheme == "https" ? 443 : 80);
        if (!isDefault && name[^1] != '.' && !host.AsSpan().ContainsAnyInRange('A', 'Z'))
        {
            return host;
        }

        var plain = name.TrimEnd('.').ToString().ToLowerInvariant();
        return isDefault || port.IsEmpty ? plain : string.Create(CultureInfo.InvariantCulture, $"{plain}:{number}");
    }

    /// <summary>
    /// Returns the host of a URL as it is written in a URL: a name in ASCII, or an IPv6 address in brackets. <see cref="Uri.IdnHost"/>
    /// leaves the brackets out.
    /// </summary>
    public static string HostOf(Uri url)
    {
        ArgumentNullException.ThrowIfNull(url);
        return url.HostNameType == UriHostNameType.IPv6 ? url.Host : url.IdnHost;
    }

    /// <summary>
    /// Splits the text that follows the scheme and the two slashes of a URL into the authority and the path with its query. An empty path
    /// becomes a slash.
    /// </summary>
    public static (string Authority, string Target) Split(string afterScheme)
    {
        ArgumentNullException.ThrowIfNull(afterScheme);
        var end = afterScheme.AsSpan().IndexOfAny('/', '?');
        return end < 0 ? (afterScheme, "/") : (afterScheme[..end], afterScheme[end] == '/' ? afterScheme[end..] : "/" + afterScheme[end..]);
    }

    /// <summary>Returns a normalised host without its port, if it has one.</summary>
    public static ReadOnlySpan<char> WithoutPort(string host)
    {
        ArgumentNullException.ThrowIfNull(host);
        return host.LastIndexOf(':') is var port && port > host.IndexOf(']', StringComparison.Ordinal) ? host.AsSpan(0, port) : host;
    }

    /// <summary>
    /// Returns true if a path that is joined to a base path could be read as leaving the base path. Such a path has a <c>..</c> segment
    /// that climbs above its beginning. The segment may be plain or percent-encoded, with a slash or a backslash, with or without a
    /// parameter (<c>..;x</c>).
    /// </summary>
    public static bool LeavesBase(string target)
    {
        ArgumentNullException.ThrowIfNull(target);
        var query = target.IndexOf('?', StringComparison.Ordinal);
        var path = Uri.UnescapeDataString(query < 0 ? target : target[..query]).Replace('\\', '/');
        var depth = 0;
        foreach (var segment in path.Split('/'))
        {
            var name = segment.AsSpan();
            var parameter = name.IndexOf(';');
            name = parameter < 0 ? name : name[..parameter];
            depth += name switch
            {
                ".." => -1,
                "" or "." => 0,
                _ => 1,
            };
            if (depth < 0)
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsPathOf(ReadOnlySpan<char> target, SearchValues<char> permitted, out ReadOnlySpan<char> query)
    {
        var end = target.IndexOf('?');
        query = end < 0 ? [] : target[end..];
        return IsTargetOf(end < 0 ? target : target[..end], permitted);
    }

    private static bool IsAcceptableQuery(ReadOnlySpan<char> query) => !query.ContainsAnyExceptInRange('!', '~') && !query.Contains('#');

    private static bool IsTargetOf(ReadOnlySpan<char> target, SearchValues<char> permitted)
    {
        if (target.IsEmpty || target[0] != '/')
        {
            return false;
        }

        while (target.IndexOfAnyExcept(permitted) is var at and >= 0)
        {
            if (
                target[at] != '%'
                || at + 2 >= target.Length
                || !char.IsAsciiHexDigit(target[at + 1])
                || !char.IsAsciiHexDigit(target[at + 2])
            )
            {
                return false;
            }

            target = target[(at + 3)..];
        }

        return true;
    }

    private static bool IsHostName(ReadOnlySpan<char> name)
    {
        if (name[0] == '[')
        {
            return name.Length > 2
                && System.Net.IPAddress.TryParse(name, out var address)
                && address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6
                && !name.Contains('%');
        }

        var withoutRoot = name[^1] == '.' ? name[..^1] : name;
        if (withoutRoot.IsEmpty)
        {
            return false;
        }

        foreach (var label in withoutRoot.Split('.'))
        {
            var text = withoutRoot[label];
            if (text.Length is 0 or > 63 || text.ContainsAnyExcept(HostCharacters))
            {
                return false;
            }
        }

        return true;
    }

    private static readonly SearchValues<char> HostCharacters = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
    );
}
