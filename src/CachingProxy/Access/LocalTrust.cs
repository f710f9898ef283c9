using System.Net;
using CachingProxy.Core.Keys;
using Microsoft.AspNetCore.Http;

namespace CachingProxy.Access;

/// <summary>
/// A trusted local request: made by a program on this machine, not passed on by another proxy, and not by a page of
/// another site in a browser here.
/// </summary>
internal static class LocalTrust
{
    public static bool IsTrusted(HttpContext context, string host)
    {
        // Looked at one after the other: the peer alone turns most strangers away.
        var headers = context.Request.Headers;
        return context.Connection.RemoteIpAddress is { } peer && IPAddress.IsLoopback(peer)
            && headers["Forwarded"].Count == 0 && headers.Via.Count == 0
            && !headers.Keys.Any(name => name.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase))
            && headers["Sec-Fetch-Site"].ToString() is "" or "none" or "same-origin"
            && IsOwnOrigin(headers.Origin.ToString(), context.Request.Scheme, host);
    }

    private static bool IsOwnOrigin(string origin, string scheme, string host) =>
        origin.Length == 0
        || (origin.StartsWith(scheme + "://", StringComparison.OrdinalIgnoreCase)
            && UriNormalization.NormaliseHost(scheme, origin[(scheme.Length + 3)..]) == host);
}
