using CachingProxy.Core.Decisions;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Origins;

/// <summary>
/// Makes the requests of fetches, with the cache's own conditions instead of the client's (RFC 9111 §4.3.1). The client's conditions are
/// evaluated against the response.
/// </summary>
internal static class ConditionalRequest
{
    private static readonly string[] Conditions = ["If-None-Match", "If-Modified-Since"];
    private static readonly string[] Ranges = ["Range", "If-Range"];

    /// <summary>Tells whether a client asks for a response only if it has changed.</summary>
    public static bool IsConditional(IFields fields) => Array.Exists(Conditions, name => fields[name].Count > 0);

    /// <summary>Returns the request without the client's conditions. A <c>Range</c> stays, because a 206 is stored as a part.</summary>
    public static OriginRequest Unconditional(OriginRequest request) => Without(request, Conditions);

    /// <summary>Returns the request that asks the origin whether a stored response is still current.</summary>
    public static OriginRequest ToValidate(OriginRequest request, CacheEntry stored)
    {
        var fields = Whole(request).Fields;
        if (stored.EntityTag is { } tag)
        {
            fields = fields.With("If-None-Match", tag.ToString());
        }

        if (stored.LastModified is { } lastModified)
        {
            fields = fields.With("If-Modified-Since", HttpDate.Format(lastModified));
        }

        return request with
        {
            Fields = fields,
        };
    }

    /// <summary>
    /// Returns the request for the missing bytes of a stored part, or for the whole if the representation has changed (RFC 9111 §3.4).
    /// </summary>
    public static OriginRequest ToComplete(OriginRequest request, MissingPart missing) =>
        request with
        {
            Fields = Whole(request).Fields.With("Range", missing.Range).With("If-Range", missing.Validator),
        };

    /// <summary>Returns the request for the whole, without any condition.</summary>
    public static OriginRequest Whole(OriginRequest request) => Without(request, [.. Conditions, .. Ranges]);

    private static OriginRequest Without(OriginRequest request, string[] names) =>
        request with
        {
            Fields = request.Fields.Without(name => names.Contains(name, StringComparer.OrdinalIgnoreCase)),
        };
}
