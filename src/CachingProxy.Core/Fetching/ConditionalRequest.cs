using CachingProxy.Core.Parsing;
using CachingProxy.Core.Storing;

namespace CachingProxy.Core.Fetching;

/// <summary>RFC 9111 §4.3.1: the conditions of a fetch are the cache's own; the client's are decided on what comes back.</summary>
internal static class ConditionalRequest
{
    private static readonly string[] Conditions = ["If-None-Match", "If-Modified-Since", "If-Range"];

    public static OriginRequest Of(OriginRequest request, CacheEntry? validating)
    {
        var fields = request.Fields.Without(name => Conditions.Contains(name, StringComparer.OrdinalIgnoreCase));
        if (validating?.EntityTag is { } tag)
        {
            fields = fields.With("If-None-Match", tag.ToString());
        }

        if (validating?.LastModified is { } lastModified)
        {
            fields = fields.With("If-Modified-Since", HttpDate.Format(lastModified));
        }

        return request with { Fields = fields };
    }
}
