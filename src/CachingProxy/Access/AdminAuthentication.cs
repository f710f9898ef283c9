using System.Security.Cryptography;
using System.Text;
using CachingProxy.Admin;
using CachingProxy.AspNetCore.Gate;
using Microsoft.AspNetCore.Http;

namespace CachingProxy.Access;

/// <summary>Who may change or see what the cache holds: the bearer of the token; without a token, trusted local requests.</summary>
internal sealed class AdminAuthentication(string? token, LocalTrust trust, WrongTokens wrongTokens)
{
    private const string Scheme = "Bearer ";

    private readonly byte[]? _hash = token is null ? null : Hash(token);

    public bool IsPermitted(HttpContext context, string host)
    {
        if (_hash is null)
        {
            return trust.IsTrusted(context, host);
        }

        // Hashes have one length, so that the comparison tells nothing of the token's own.
        var given = context.Request.Headers.Authorization.ToString();
        return given.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && CryptographicOperations.FixedTimeEquals(_hash, Hash(given[Scheme.Length..].Trim()));
    }

    /// <summary>Answers whoever may not; one that gave a wrong token waits for it.</summary>
    public async Task RefuseAsync(HttpContext context)
    {
        if (_hash is not null && context.Request.Headers.Authorization.Count > 0 && !await wrongTokens.WaitAsync(context.RequestAborted))
        {
            context.Response.Headers.RetryAfter = "10";
            await new ApiError("too_many_requests", "Too many wrong tokens wait for their answer already.", 429).WriteAsync(context);
            return;
        }

        context.Response.Headers.WWWAuthenticate = "Bearer";
        await new ApiError("unauthorized", Reason(context), 401).WriteAsync(context);
    }

    private string Reason(HttpContext context) =>
        _hash is null
            ? "No admin token is set (--admin-token), so that only programs on the proxy's own machine may do this, at one of its "
                + "own addresses or loopback names."
        : context.Request.Headers.Authorization.Count > 0 ? "The token is not the admin token of this proxy."
        : "This needs the admin token, as Authorization: Bearer TOKEN.";

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
