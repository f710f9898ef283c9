using CachingProxy.Core.Decisions;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Origins;

/// <summary>RFC 9111 §4.3.1: the conditions of a fetch are the cache's own; the client's are decided on what comes back.</summary>
internal static class ConditionalRequest
{
    private static readonly string[] Conditions = ["If-None-Match", "If-Modified-Since"];
    private static readonly string[] Ranges = ["Range", "If-Range"];

    /// <summary>Tells whether a client asks for a response only if it has changed.</summary>
    public static bool IsConditional(IFields fields) => Array.Exists(Conditions, name => fields[name].Count > 0);

    /// <summary>The request without the client's conditions; a range stays, for what comes back is stored as what it is.</summary>
    public static OriginRequest Unconditional(OriginRequest request) => Without(request, Conditions);

    /// <summary>Asks whether a stored response is still the right one.</summary>
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

    /// <summary>RFC 9111 §3.4: asks for what is missing of a stored part, or for the whole where that has changed.</summary>
    public static OriginRequest ToComplete(OriginRequest request, MissingPart missing) =>
        request with
        {
            Fields = Whole(request).Fields.With("Range", missing.Range).With("If-Range", missing.Validator),
        };

    /// <summary>The request for the whole, without any condition.</summary>
    public static OriginRequest Whole(OriginRequest request) => Without(request, [.. Conditions, .. Ranges]);

    private static OriginRequest Without(OriginRequest request, string[] names) =>
        request with
        {
            Fields = request.Fields.Without(name => names.Contains(name, StringComparer.OrdinalIgnoreCase)),
        };
}
