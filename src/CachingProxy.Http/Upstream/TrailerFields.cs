using System.Net.Http.Headers;
using CachingProxy.Core.Parsing;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.Http.Upstream;

/// <summary>RFC 9110 §6.5.1: the fields after the content, without those that mean something only before it.</summary>
internal static class TrailerFields
{
    private const int MaxFields = 32;

    // Fields for framing, routing, authentication, conditions, content and caching: in a trailer they come too late, or get around a check.
    private static readonly HashSet<string> Forbidden = new(StringComparer.OrdinalIgnoreCase)
    {
        "Content-Length",
        "Host",
        "Authorization",
        "Set-Cookie",
        "Cookie",
        "WWW-Authenticate",
        "Max-Forwards",
        "Expect",
        "Range",
        "If-Range",
        "Cache-Control",
        "CDN-Cache-Control",
        "Surrogate-Control",
        "Pragma",
        "Expires",
        "Age",
        "Date",
        "Vary",
        "ETag",
        "Last-Modified",
        "Location",
        "Retry-After",
        "Content-Encoding",
        "Content-Type",
        "Content-Range",
        "Content-Location",
        "Cache-Status",
        "X-Cache",
        "Via",
        "Warning",
        "Cache-Tag",
        "Surrogate-Key",
        "xkey",
        "Cache-Groups",
        "Cache-Group-Invalidation",
        "Clear-Site-Data",
        "Strict-Transport-Security",
        "Content-Security-Policy",
        "No-Vary-Search",
    };

    /// <summary>Returns the trailer fields that may be passed on; none where there are too many, or one is no valid field.</summary>
    public static FieldList Of(HttpResponseHeaders trailers, FieldList head)
    {
        var nominated = HopByHopFields.Nominated(head["Connection"]);
        var fields = new List<KeyValuePair<string, StringValues>>();
        foreach (var (name, values) in trailers.NonValidated)
        {
            if (!Forbidden.Contains(name) && !HopByHopFields.Contains(name) && !nominated.Contains(name))
            {
                fields.Add(new(name, values.ToArray()));
            }
        }

        return
            fields.Count > MaxFields
            || fields.Any(field =>
                field.Value.Any(value =>
                    value is null || value.AsSpan().ContainsAnyInRange('\0', '\x1f') || value.Contains('\x7f', StringComparison.Ordinal)
                )
            )
            ? FieldList.Empty
            : new FieldList(fields);
    }
}
