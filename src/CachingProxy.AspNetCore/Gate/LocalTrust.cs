using System.Net;
using CachingProxy.Core.Keys;

namespace CachingProxy.AspNetCore.Gate;

/// <summary>
/// Tells trusted local requests: made by a program on this machine, by a name that is ours, not passed on by another proxy, and not by a
/// page of another site in a browser here. Without a look at the name, a page of any site could have its own name lead here (DNS
/// rebinding).
/// </summary>
public sealed class LocalTrust(AllowedHosts hosts)
{
    /// <summary>Tells whether a request is a trusted local one.</summary>
    /// <param name="exchange">The request.</param>
    /// <param name="host">The host that it names, normalised.</param>
    public bool IsTrusted(Exchange exchange, string host)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        // Looked at one after the other: the peer alone turns most strangers away.
        var headers = exchange.RequestHeaders;
        return exchange.ClientAddress is { } peer
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
