using Microsoft.Extensions.Primitives;

namespace CachingProxy.Core.Parsing;

/// <summary>The fields that belong to one connection and are never passed on or stored (RFC 9110 §7.6.1).</summary>
public static class HopByHopFields
{
    private static readonly HashSet<string> Always = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection",
        "Keep-Alive",
        "Proxy-Connection",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "Proxy-Authorization",
        "Proxy-Authenticate",
        "Proxy-Authentication-Info",
        "HTTP2-Settings",
        "X-Content-Length",
    };

    /// <summary>Tells whether a field of this name is always hop by hop.</summary>
    public static bool Contains(string name) => Always.Contains(name);

    /// <summary>Returns the names that a <c>Connection</c> field lists; none where it is absent.</summary>
    public static IReadOnlySet<string> Nominated(StringValues connection)
    {
        if (connection.Count == 0)
        {
            return System.Collections.Frozen.FrozenSet<string>.Empty;
        }

        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in connection)
        {
            names.UnionWith(ListReader.Split(line));
        }

        return names;
    }
}
