using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace CachingProxy.Access;

/// <summary>Who may change or see what the cache holds: the bearer of the token; without a token, trusted local requests.</summary>
internal sealed class AdminAuthentication(string? token, LocalTrust trust)
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

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
