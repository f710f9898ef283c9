using System.Net;
using CachingProxy.Configuration;
using CachingProxy.Core.Keys;

namespace CachingProxy.Access;

/// <summary>
/// Under which names this server may be asked: those that are configured; else, on loopback, the loopback names and the
/// listening address; else any. A page of another site cannot make a browser call us by a name of its own then.
/// </summary>
internal sealed class AllowedHosts
{
    private readonly HashSet<string>? _hosts;

    public AllowedHosts(ProxySettings settings)
    {
        _hosts = settings.AllowedHosts.Contains("*") ? null
            : settings.AllowedHosts.Count > 0 ? [.. settings.AllowedHosts]
            : settings.ListensOnLoopbackAlone ? ["localhost", "127.0.0.1", "[::1]", Text(settings.Host)]
            : null;
    }

    /// <summary>Whether a normalised host is permitted: as it is, or with any port where the configured one has none.</summary>
    public bool Contains(string host)
    {
        if (_hosts is null || _hosts.Contains(host))
        {
            return true;
        }

        var port = host.LastIndexOf(':');
        return port > host.IndexOf(']', StringComparison.Ordinal)
            && _hosts.GetAlternateLookup<ReadOnlySpan<char>>().Contains(host.AsSpan(0, port));
    }

    private static string Text(IPAddress address) => UriNormalization.NormaliseHost(
        "http", address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString())!;
}
