using System.Net;
using CachingProxy.Core.Keys;
using Microsoft.AspNetCore.Http;

namespace CachingProxy.AspNetCore.Gate;

/// <summary>
/// Tells trusted local requests: made by a program on this machine, by a name that is ours, not passed on by another proxy, and not by a
/// page of another site in a browser here. Without a look at the name, a page of any site could have its own name lead here (DNS
/// rebinding).
/// </summary>
public sealed class LocalTrust(AllowedHosts hosts)
{
    /// <summary>Tells whether a request is a trusted local one.</summary>
    /// <param name="context">The request.</param>
    /// <param name="host">The host that it names, normalised.</param>
    public bool IsTrusted(HttpContext context, string host)
    {
        ArgumentNullException.ThrowIfNull(context);
        // Looked at one after the other: the peer alone turns most strangers away.
        var headers = context.Request.Headers;
        return context.Connection.RemoteIpAddress is { } peer
            && IPAddress.IsLoopback(peer)
            && hosts.IsOurs(host)
            && !headers.Keys.Any(ClaimedFields.IsSignOfProxy)
            && headers["Sec-Fetch-Site"].ToString() is "" or "none" or "same-origin"
            && IsOwnOrigin(headers.Origin.ToString(), context.Request.Scheme, host);
    }

    private static bool IsOwnOrigin(string origin, string scheme, string host) =>
        origin.Length == 0
        || (
            origin.StartsWith(scheme + "://", StringComparison.OrdinalIgnoreCase)
            && UriNormalization.NormaliseHost(scheme, origin[(scheme.Length + 3)..]) == host
        );
}
