using CachingProxy.Core.Parsing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.JsonProxy;

/// <summary>
/// The fields of an upstream's response that a client of <c>/proxy</c> gets beside the envelope because it asks for them:
/// <c>Proxy-Fields: Link, X-Total-Count</c>. A parameter of the query would be taken for the upstream's.
/// </summary>
internal static class UpstreamFields
{
    /// <summary>The request field that names them.</summary>
    public const string Name = "Proxy-Fields";

    private const int MaxNames = 32;

    // Nothing that acts in a browser as if it were ours, or says how the upstream's message was coded and cached: the envelope is another message.
    private static readonly HashSet<string> Permitted = new(StringComparer.OrdinalIgnoreCase)
    {
        "Allow", "Content-Disposition", "Content-Language", "Deprecation", "Link", "Location", "RateLimit", "RateLimit-Limit", "RateLimit-Policy",
        "RateLimit-Remaining", "RateLimit-Reset", "Retry-After", "Sunset",
    };

    private static readonly HashSet<string> Ours = new(StringComparer.OrdinalIgnoreCase)
    {
        "X-Cache", "X-Content-Type-Options", "X-DNS-Prefetch-Control", "X-Frame-Options", "X-Permitted-Cross-Domain-Policies", "X-UA-Compatible", "X-XSS-Protection",
    };

    /// <summary>Tells whether a field of the upstream may be asked for, and is kept for that.</summary>
    public static bool IsPermitted(string name) => Permitted.Contains(name) || (name.StartsWith("X-", StringComparison.OrdinalIgnoreCase) && !Ours.Contains(name));

    /// <summary>Says what is wrong with what a request asks for; null where nothing is.</summary>
    public static string? Check(StringValues asked)
    {
        var names = NamesIn(asked);
        return names.Count > MaxNames ? $"{Name} names {names.Count} fields; at most {MaxNames} are permitted."
            : names.Find(name => !FieldSyntax.IsToken(name) || !IsPermitted(name)) is { } refused
                ? $"{Name} names '{refused}'; permitted are {string.Join(", ", Permitted.Order(StringComparer.Ordinal))}, and those that begin with X-."
            : null;
    }

    /// <summary>Adds the fields that a request asks for to its response.</summary>
    public static void Write(StringValues asked, FieldList received, IHeaderDictionary response)
    {
        foreach (var name in NamesIn(asked))
        {
            if (received[name] is { Count: > 0 } values)
            {
                response[name] = values;
            }
        }
    }

    private static List<string> NamesIn(StringValues asked) =>
        asked.Count == 0 ? [] : [.. asked.SelectMany(line => line!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
}
