using System.Net;
using CachingProxy.Core.Keys;
using CachingProxy.Http.Targets;

namespace CachingProxy.AspNetCore.Gate;

/// <summary>
/// The host names that a request to this server may use: the configured ones; else, on loopback, the loopback names and the listening
/// address; else any. With such a limit, a page of another site cannot make a browser call this server by that site's name.
/// </summary>
public sealed class AllowedHosts
{
    private readonly bool _permitsAny;
    private readonly HashSet<string> _ours;
    private readonly HashSet<string> _permitted;

    /// <summary>Permits the names that are configured; without any, see above.</summary>
    /// <param name="configured">Normalised host names, with a port if any; <c>*</c> for all.</param>
    /// <param name="listening">The address that the server listens on.</param>
    public AllowedHosts(IReadOnlyList<string> configured, IPAddress listening)
    {
        ArgumentNullException.ThrowIfNull(configured);
        ArgumentNullException.ThrowIfNull(listening);
        HashSet<string> loopback = ["localhost", "127.0.0.1", "[::1]", Text(listening)];
        HashSet<string> named = [.. configured.Where(name => name != "*")];
        _permitsAny = configured.Contains("*") || (named.Count == 0 && !IPAddress.IsLoopback(listening));
        _permitted = named.Count > 0 ? named : loopback;
        _ours = [.. loopback, .. named];
    }

    /// <summary>Tells whether a normalised host is permitted. A permitted name without a port permits every port of that name.</summary>
    public bool Contains(string host) => _permitsAny || Contains(_permitted, host);

    /// <summary>
    /// Tells whether a normalised host is certainly this server: a loopback name, an address of this machine, or a name that is configured.
    /// </summary>
    public bool IsOurs(string host) =>
        Contains(_ours, host)
        || (
            IPAddress.TryParse(UriNormalization.WithoutPort(host).Trim("[]"), out var address)
            && (IPAddress.IsLoopback(address) || OwnAddresses.Contains(address))
        );

    private static bool Contains(HashSet<string> names, string host) =>
        names.Contains(host) || names.GetAlternateLookup<ReadOnlySpan<char>>().Contains(UriNormalization.WithoutPort(host));

    private static string Text(IPAddress address) =>
        UriNormalization.NormaliseHost(
            "http",
            address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString()
        )!;
}
