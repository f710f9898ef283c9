using CachingProxy.Core.Parsing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.JsonProxy;

/// <summary>
/// The fields of an upstream's response that a client of <c>/proxy</c> gets beside the envelope because it asks for them: <c>Proxy-Fields:
/// Link, X-Total-Count</c>. A request field names them, because a parameter of the query could be mistaken for one of the upstream's query.
/// </summary>
internal static class UpstreamFields
{
    /// <summary>The request field that names them.</summary>
    public const string Name = "Proxy-Fields";

    private const int MaxNames = 32;

    // Names that are known to be harmless. Two kinds are left out: fields that a browser, or a web server in front (X-Accel-Redirect),
    // would obey as if this proxy had set them; and fields that say how the upstream's message was coded and cached, since the envelope is
    // another message.
    private static readonly HashSet<string> Permitted = new(StringComparer.OrdinalIgnoreCase)
    {
        "Allow",
        "Content-Disposition",
        "Content-Language",
        "Deprecation",
        "Link",
        "Location",
        "RateLimit",
        "Retry-After",
        "Sunset",
        "X-API-Version",
        "X-Correlation-ID",
        "X-Count",
        "X-Has-More",
        "X-Next-Page",
        "X-Page",
        "X-Per-Page",
        "X-Prev-Page",
        "X-Request-ID",
        "X-Total",
        "X-Total-Count",
        "X-Total-Pages",
    };

    private static readonly string[] PermittedBeginnings = ["RateLimit-", "X-Pagination", "X-RateLimit-", "X-Rate-Limit-"];

    /// <summary>Returns true if clients may ask for a field of the upstream. Such fields are stored with the response.</summary>
    public static bool IsPermitted(string name) =>
        Permitted.Contains(name) || PermittedBeginnings.Any(beginning => name.StartsWith(beginning, StringComparison.OrdinalIgnoreCase));

    /// <summary>Returns the error in the names that a request asks for; null if there is none.</summary>
    public static string? Check(StringValues asked)
    {
        var names = NamesIn(asked);
        if (names.Count > MaxNames)
        {
            return $"{Name} names {names.Count} fields; at most {MaxNames} are permitted.";
        }

        if (names.Find(name => !FieldSyntax.IsToken(name) || !IsPermitted(name)) is { } refused)
        {
            return $"{Name} names '{refused}'; permitted are {string.Join(", ", Permitted.Order(StringComparer.Ordinal))}, and those "
                + $"that begin with {string.Join(", ", PermittedBeginnings)}.";
        }

        return null;
    }

    /// <summary>
    /// Adds to a response the fields that its request asks for. A redirect gets no <c>Location</c>, which would lead the client past this
    /// proxy.
    /// </summary>
    public static void Write(StringValues asked, int status, FieldList received, IHeaderDictionary response)
    {
        foreach (var name in NamesIn(asked))
        {
            if (
                received[name] is { Count: > 0 } values
                && !(status is >= 300 and <= 399 && name.Equals("Location", StringComparison.OrdinalIgnoreCase))
            )
            {
                response[name] = values;
            }
        }
    }

    private static List<string> NamesIn(StringValues asked) =>
        asked.Count == 0
            ? []
            : [.. asked.SelectMany(line => line!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
}
