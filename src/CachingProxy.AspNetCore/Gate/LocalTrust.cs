using System.Net;
using CachingProxy.Core.Keys;

namespace CachingProxy.AspNetCore.Gate;

/// <summary>
/// Recognises trusted local requests. Such a request comes from a program on this machine, names a host that is ours, was not passed on by
/// another proxy, and was not made by a page of another site in a browser here. Without the check of the host, any site could make its own
/// name lead to this machine (DNS rebinding).
/// </summary>
public sealed class LocalTrust(AllowedHosts hosts)
{
    /// <summary>Tells whether a request is a trusted local one.</summary>
    /// <param name="exchange">The request.</param>
    /// <param name="host">The host that it names, normalised.</param>
    public bool IsTrusted(Exchange exchange, string host)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        // The checks run one after the other: the address of the peer alone turns most strangers away.
        var headers = exchange.RequestHeaders;
        return exchange.PeerAddress is { } peer
            && IPAddress.IsLoopback(peer)
            && hosts.IsOurs(host)
            && !headers.Keys.Any(ClaimedFields.IsSignOfProxy)
            && headers["Sec-Fetch-Site"].ToString() is "" or "none" or "same-origin"
            && IsOwnOrigin(headers.Origin.ToString(), exchange.Scheme, host);
    }

    private static bool IsOwnOrigin(string origin, string scheme, string host) =>
        origin.Length == 0
        || (
            origin.StartsWith(scheme + "://", StringComparison.OrdinalIgnoreCase)
            && UriNormalization.NormaliseHost(scheme, origin[(scheme.Length + 3)..]) == host
        );
}
