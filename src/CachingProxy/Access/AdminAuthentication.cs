using System.Security.Cryptography;
using System.Text;
using CachingProxy.Admin;
using CachingProxy.AspNetCore;
using CachingProxy.AspNetCore.Gate;

namespace CachingProxy.Access;

/// <summary>
/// Decides who may change or see the content of the cache: the bearer of the admin token or, if no token is set, trusted local requests.
/// </summary>
internal sealed class AdminAuthentication(string? token, LocalTrust trust, WrongTokens wrongTokens)
{
    private const string Scheme = "Bearer ";

    private readonly byte[]? _hash = token is null ? null : Hash(token);

    public bool IsPermitted(Exchange exchange, string host)
    {
        if (_hash is null)
        {
            return trust.IsTrusted(exchange, host);
        }

        // All hashes have the same length, so that the time of the comparison does not reveal the length of the token.
        var given = exchange.RequestHeaders.Authorization.ToString();
        return given.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && CryptographicOperations.FixedTimeEquals(_hash, Hash(given[Scheme.Length..].Trim()));
    }

    /// <summary>Refuses a request that is not permitted; after a wrong token the answer is delayed.</summary>
    public async Task RefuseAsync(Exchange exchange)
    {
        if (_hash is not null && exchange.RequestHeaders.Authorization.Count > 0 && !await wrongTokens.WaitAsync(exchange.ClientGone))
        {
            exchange.ResponseHeaders.RetryAfter = "10";
            await new ApiError("too_many_requests", "Too many wrong tokens wait for their answer already.", 429).WriteAsync(exchange);
            return;
        }

        exchange.ResponseHeaders.WWWAuthenticate = "Bearer";
        await new ApiError("unauthorized", Reason(exchange), 401).WriteAsync(exchange);
    }

    private string Reason(Exchange exchange)
    {
        if (_hash is null)
        {
            return "No admin token is set (--admin-token), so that only programs on the proxy's own machine may do this, at one of its "
                + "own addresses or loopback names.";
        }

        if (exchange.RequestHeaders.Authorization.Count > 0)
        {
            return "The token is not the admin token of this proxy.";
        }

        return "This needs the admin token, as Authorization: Bearer TOKEN.";
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
