using CachingProxy.Core.Decisions;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Messages;

namespace CachingProxy.Core.Fetching;

/// <summary>The key of a fill: all that requests must have in common to share it, as far as this is known before the response.</summary>
/// <param name="Key">The URI.</param>
/// <param name="Partition">The partition of the requests that may share the fill.</param>
/// <param name="Range">The range that is fetched, and its condition; empty for the whole.</param>
/// <param name="Variant">The selecting fields, where another response has named them; empty while they are unknown.</param>
internal readonly record struct FillKey(CacheKey Key, CachePartition Partition, string Range, string Variant = "")
{
    /// <summary>Returns the key of a fetch of the whole content, even if the request asks for a range.</summary>
    public static FillKey OfWhole(CacheRequest request) => new(request.Key, request.Partition, "");

    /// <summary>Returns the key of what a request asks for: the whole, or its range.</summary>
    public static FillKey Of(CacheRequest request) =>
        request.HasRange ? Of(request, request.Fields["Range"].ToString(), request.Fields["If-Range"].ToString()) : OfWhole(request);

    /// <summary>Returns the key of the refresh of a stored response. Each variant is refreshed on its own.</summary>
    public static FillKey ToRefresh(CacheRequest request, CacheEntry stored) =>
        (stored.Part is null ? OfWhole(request) : Of(request)).Among(stored.Variant, request);

    /// <summary>Returns the key of the bytes that a stored part lacks.</summary>
    public static FillKey Of(CacheRequest request, MissingPart missing) => Of(request, missing.Range, missing.Validator);

    /// <summary>Returns this key with the values that a request has for the selecting fields of a variant.</summary>
    public FillKey Among(VariantKey variant, CacheRequest request) => this with { Variant = variant.TextFor(request.SelectingFields) };

    private static FillKey Of(CacheRequest request, string range, string condition) =>
        new(request.Key, request.Partition, $"{range}\n{condition}");
}
