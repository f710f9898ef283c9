using Microsoft.Extensions.Primitives;

namespace CachingProxy.Core.Parsing;

/// <summary>
/// Request fields beside <c>Authorization</c> and <c>Cookie</c> by which clients say who they are. RFC 9111 does not know these fields, so
/// a stated lifetime or <c>public</c> permits sharing in spite of them. A lifetime that nobody stated does not. This is the only list;
/// docs/configuration.md shows it.
/// </summary>
public static class CredentialFields
{
    /// <summary>Fields that are credentials by their name.</summary>
    public static IReadOnlySet<string> Names { get; } =
        new HashSet<string>(StringComparer.OrdinalIgnoreCase)
        {
            "Proxy-Authorization",
            "X-Authorization",
            "X-Forwarded-Authorization",
            "X-Amz-Security-Token",
            "X-Aws-Ec2-Metadata-Token",
            "X-Auth",
            "X-Auth-User",
            "X-Auth-Email",
            "X-Remote-User",
            "Remote-User",
            "X-Forwarded-User",
            "X-Forwarded-Email",
            "X-User",
            "X-User-Id",
            "X-User-Email",
            "X-Username",
            "X-Session",
            "X-Session-Id",
            "Session-Id",
            "X-Tenant",
            "X-Tenant-Id",
            "X-Client-Cert",
            "Client-Cert",
            "X-SSL-Client-Cert",
            "SSL-Client-Cert",
            "X-Client-Id",
            "X-Signature",
            "X-Password",
            "Password",
            "DPoP",
            "Cookie2",
        };

    /// <summary>
    /// The endings of field names that mark credentials, as in <c>X-Api-Key</c>, <c>Ocp-Apim-Subscription-Key</c>, <c>X-Vault-Token</c>,
    /// <c>X-Client-Secret</c>.
    /// </summary>
    public static IReadOnlyList<string> Endings { get; } =
    ["Key", "Token", "Secret", "Credential", "Credentials", "-Auth", "-Authentication"];

    /// <summary>Tells whether a field of this name identifies the client.</summary>
    public static bool Contains(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Names.Contains(name)
            || Endings.Any(ending => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase) && !IsHandshake(name));
    }

    // RFC 6455 §4.1: this field holds a nonce, not a credential.
    private static bool IsHandshake(string name) => name.Equals("Sec-WebSocket-Key", StringComparison.OrdinalIgnoreCase);

    /// <summary>Returns the names of the credential fields among <paramref name="fields"/>, in lower case.</summary>
    internal static IReadOnlyList<string> NamesIn(IFields fields)
    {
        var all = new List<KeyValuePair<string, StringValues>>();
        fields.CopyTo(all);
        return [.. all.Where(field => Contains(field.Key)).Select(field => field.Key.ToLowerInvariant())];
    }
}
