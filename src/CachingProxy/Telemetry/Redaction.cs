namespace CachingProxy.Telemetry;

/// <summary>
/// Masks what may be secret in a URL before the URL is written to a log: user information, and the values of query parameters with certain
/// names. A URL that is itself the value of a parameter is masked in the same way. Immutable.
/// </summary>
/// <param name="more">Names of parameters that are secret beside the usual ones.</param>
internal sealed class Redaction(IEnumerable<string> more)
{
    /// <summary>Stands in the place of a secret.</summary>
    public const string Mask = "***";

    // The number of URLs, each in a parameter of the one before, that are looked into below the outer URL. A deeper one is masked whole.
    private const int MaxDepth = 3;

    private static readonly string[] Usual =
    [
        "key",
        "auth",
        "authorization",
        "password",
        "passwd",
        "pwd",
        "pass",
        "sig",
        "session",
        "sessionid",
        "sid",
        "code",
        "jwt",
        "bearer",
        "hmac",
    ];

    // access_token, X-Amz-Security-Token, client_secret, subscription-key, ...
    private static readonly string[] UsualEndings =
    [
        "token",
        "secret",
        "password",
        "apikey",
        "accesskey",
        "subscriptionkey",
        "signature",
        "credential",
        "credentials",
    ];

    private readonly HashSet<string> _names = [.. Usual.Concat(more.Select(Normalise))];

    /// <summary>Returns a request target or a URL without its secrets.</summary>
    public string Of(string url) => Of(url, MaxDepth);

    private string Of(string url, int depth)
    {
        url = WithoutUser(url);
        var query = url.IndexOf('?', StringComparison.Ordinal);
        if (query < 0)
        {
            return url;
        }

        var parameters = url[(query + 1)..].Split('&');
        for (var i = 0; i < parameters.Length; i++)
        {
            parameters[i] = Parameter(parameters[i], depth);
        }

        return $"{url.AsSpan(0, query + 1)}{string.Join('&', parameters)}";
    }

    private string Parameter(string parameter, int depth)
    {
        if (parameter.Split('=', 2) is not [var name, var value])
        {
            return parameter;
        }

        var plainName = Normalise(Uri.UnescapeDataString(name));
        if (_names.Contains(plainName) || Array.Exists(UsualEndings, ending => plainName.EndsWith(ending, StringComparison.Ordinal)))
        {
            return $"{name}={Mask}";
        }

        var plain = Uri.UnescapeDataString(value);
        if (!plain.AsSpan().ContainsAny('?', '@'))
        {
            return parameter;
        }

        var masked = depth == 0 ? Mask : Of(plain, depth - 1);
        return masked == plain ? parameter : $"{name}={Uri.EscapeDataString(masked).Replace("%2A", "*", StringComparison.Ordinal)}";
    }

    private static string WithoutUser(string url)
    {
        var authority = url.IndexOf("//", StringComparison.Ordinal);
        if (authority < 0)
        {
            return url;
        }

        authority += 2;
        var end = url.AsSpan(authority).IndexOfAny("/?#") is var length and >= 0 ? authority + length : url.Length;
        var at = url.LastIndexOf('@', end - 1, end - authority);
        return at < 0 ? url : $"{url.AsSpan(0, authority)}{Mask}{url.AsSpan(at)}";
    }

    private static string Normalise(string name) => string.Concat(name.Where(char.IsLetterOrDigit)).ToLowerInvariant();
}
