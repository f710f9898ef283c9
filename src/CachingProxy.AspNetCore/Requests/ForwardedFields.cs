using System.Globalization;
using CachingProxy.AspNetCore.Gate;
using CachingProxy.Core.Parsing;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.AspNetCore.Requests;

/// <summary>
/// Chooses the fields of a request that reach the origin. All end-to-end fields do, except those that claim how the request came (<see
/// cref="ClaimedFields"/>). A field is no part of the key unless the response varies on it. So a claim could change an answer that others
/// get too, and we set or remove such fields.
/// </summary>
internal static class ForwardedFields
{
    // Made anew for the connection to the origin.
    private static readonly HashSet<string> Made = new(StringComparer.OrdinalIgnoreCase)
    {
        "Host",
        "Content-Length",
        "Expect",
        "Max-Forwards",
        "traceparent",
        "tracestate",
    };

    // A client cannot have these fields removed by listing them in Connection.
    private static readonly HashSet<string> Protected = new(StringComparer.OrdinalIgnoreCase)
    {
        "Accept",
        "Accept-Encoding",
        "Accept-Language",
        "Authorization",
        "Cache-Control",
        "Content-Encoding",
        "Content-Type",
        "Cookie",
        "If-Match",
        "If-Modified-Since",
        "If-None-Match",
        "If-Range",
        "If-Unmodified-Since",
        "Origin",
        "Pragma",
        "Range",
        "Referer",
        "Via",
        "X-Api-Key",
    };

    /// <summary>
    /// Returns true if a field reaches the origin as the client sent it. The policy may still remove <c>Cookie</c> as a whole.
    /// </summary>
    public static bool IsUntouched(string name) => Protected.Contains(name) && !name.Equals("Via", StringComparison.OrdinalIgnoreCase);

    /// <summary>Returns the fields as they go to the origin.</summary>
    public static FieldList Of(Exchange exchange, GuardedRequest guarded, bool stripCookies, string via)
    {
        var headers = exchange.RequestHeaders;
        var nominated = HopByHopFields.Nominated(headers.Connection);
        var fields = new List<KeyValuePair<string, StringValues>>(headers.Count + 4);
        foreach (var field in headers)
        {
            if (IsPassedOn(field.Key, nominated) && !(stripCookies && field.Key.Equals("Cookie", StringComparison.OrdinalIgnoreCase)))
            {
                fields.Add(field);
            }
        }

        if (exchange.Method == "OPTIONS" && MaxForwards(headers["Max-Forwards"]) is { } left)
        {
            fields.Add(new("Max-Forwards", left));
        }

        fields.Add(new("traceparent", exchange.TraceParent));
        if (exchange.TraceState is { } traceState)
        {
            fields.Add(new("tracestate", traceState));
        }

        fields.Add(new("X-Forwarded-For", ClientAddress(exchange)));
        if (guarded.HasHost)
        {
            fields.Add(new("X-Forwarded-Host", IsSharedMethod(exchange) ? guarded.KeyHost : guarded.Host));
        }

        fields.Add(new("X-Forwarded-Proto", exchange.Scheme));
        return ViaField.Append(new FieldList(fields), exchange.Protocol, via);
    }

    // For requests that change something, an origin should compare Origin with the host. So it gets the host that the client sent.
    private static bool IsSharedMethod(Exchange exchange) =>
        exchange.Method is "GET" or "HEAD" or "QUERY" && exchange.RequestHeaders.Upgrade.Count == 0;

    // RFC 9110 §7.6.2: returns the value less one; at 0 the proxy itself answers the request. A value that is no number is left out.
    private static string? MaxForwards(StringValues field) =>
        int.TryParse(field.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var left) && left > 0
            ? (left - 1).ToString(CultureInfo.InvariantCulture)
            : null;

    private static string ClientAddress(Exchange exchange) =>
        exchange.ClientAddress is { } address ? ClientNetwork.Unmapped(address).ToString() : "unknown";

    private static bool IsPassedOn(string name, IReadOnlySet<string> nominated)
    {
        // CGI and WSGI cannot tell an underscore from a hyphen, so Transfer_Encoding is treated as Transfer-Encoding.
        var twin = name.Contains('_', StringComparison.Ordinal) ? name.Replace('_', '-') : name;
        return !HopByHopFields.Contains(twin)
            && !Made.Contains(twin)
            && !ClaimedFields.Contains(twin)
            && !(nominated.Contains(name) && !Protected.Contains(name));
    }
}
