using CachingProxy.Core.Decisions;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Storing;

namespace CachingProxy.Core.Fetching;

/// <summary>All that a fill needs of the request that began it, taken while its client was there.</summary>
internal sealed record FillRequest(
    CacheFace Face, CacheKey Key, CachePartition Partition, RequestFacts Facts, FieldList Fields, OriginRequest ToOrigin, CacheEntry? Validating)
{
    /// <summary>Takes what is needed; <paramref name="validating"/> is the stored response that the origin is asked to confirm.</summary>
    public static FillRequest Of(CacheRequest request, CacheEntry? validating)
    {
        var fields = new List<KeyValuePair<string, Microsoft.Extensions.Primitives.StringValues>>();
        request.Fields.CopyTo(fields);
        return new FillRequest(
            request.Face, request.Key, request.Partition, RequestFacts.Of(request), new FieldList(fields),
            ConditionalRequest.Of(request.CreateOriginRequest(), validating), validating);
    }

    /// <summary>The same without a condition.</summary>
    public FillRequest Unconditional() => this with { ToOrigin = ConditionalRequest.Of(ToOrigin, null), Validating = null };
}
