using System.Text;

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
        "sessionid",
        "sessid",
    ];

    private readonly HashSet<string> _names = [.. Usual.Concat(more.Select(Normalise))];

    /// <summary>Returns a request target or a URL without its secrets.</summary>
    public string Of(string url) => Of(url, MaxDepth);

    private string Of(string url, int depth)
    {
        url = WithoutUsers(url);
        var end = url.AsSpan().IndexOfAny('?', '#');
        var path = end < 0 ? url : url[..end];
        // /app;jsessionid=1/x
        path = path.Contains(';', StringComparison.Ordinal) ? Parameters(path, ";/", depth) : path;
        return end < 0 ? path : path + Parameters(url[end..], "?#&;", depth);
    }

    // Masks the parameters of a text, and leaves what is between them as it is.
    private string Parameters(string text, string separators, int depth)
    {
        var shown = new StringBuilder(text.Length);
        while (text.Length > 0)
        {
            var end = text.AsSpan().IndexOfAny(separators);
            var parameter = end < 0 ? text : text[..end];
            shown.Append(Parameter(parameter, depth));
            if (end < 0)
            {
                break;
            }

            shown.Append(text[end]);
            text = text[(end + 1)..];
        }

        return shown.ToString();
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
        if (!plain.AsSpan().ContainsAny("?#@;&"))
        {
            return parameter;
        }

        var masked = depth == 0 ? Mask : Of(plain, depth - 1);
        return masked == plain ? parameter : $"{name}={Uri.EscapeDataString(masked).Replace("%2A", "*", StringComparison.Ordinal)}";
    }

    private static string WithoutUsers(string url)
    {
        for (var from = 0; url.IndexOf("//", from, StringComparison.Ordinal) is var slashes and >= 0; )
        {
            from = slashes + 2;
            var end = url.AsSpan(from).IndexOfAny("/?#") is var length and >= 0 ? from + length : url.Length;
            var at = end > from ? url.LastIndexOf('@', end - 1, end - from) : -1;
            url = at < 0 ? url : $"{url.AsSpan(0, from)}{Mask}{url.AsSpan(at)}";
        }

        return url;
    }

    private static string Normalise(string name) => string.Concat(name.Where(char.IsLetterOrDigit)).ToLowerInvariant();
}
