using CachingProxy.Core.Decisions;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.Core.Storing;

/// <summary>The part of a request that is kept while its response is being stored. Storing may go on after the client has gone.</summary>
/// <param name="Policy">The policy of its face on lifetimes, cookies and sizes.</param>
/// <param name="Key">The upstream URI.</param>
/// <param name="Partition">The partition of the requests that may share the response.</param>
/// <param name="Facts">The facts about the request that the rules need.</param>
/// <param name="SelectingFields">The fields by which a variant is selected.</param>
internal sealed record StoredRequest(
    CachePolicy Policy,
    CacheKey Key,
    CachePartition Partition,
    RequestFacts Facts,
    FieldList SelectingFields
)
{
    /// <summary>Copies the part of a request that must be kept, while its client is there.</summary>
    /// <param name="request">The request.</param>
    /// <param name="range">The range that the origin is asked for; null for the whole.</param>
    public static StoredRequest Of(CacheRequest request, string? range)
    {
        var fields = new List<KeyValuePair<string, StringValues>>();
        request.SelectingFields.CopyTo(fields);
        return new StoredRequest(
            request.Face.Policy,
            request.Key,
            request.Partition,
            RequestFacts.Of(request) with
            {
                Range = range,
            },
            new FieldList(fields)
        );
    }

    /// <summary>
    /// Tells whether a stored response is whole and selected by this request, without regard to its freshness (RFC 9111 §4).
    /// </summary>
    public bool IsAnsweredBy(CacheEntry stored) => stored.Part is null && Selects(stored);

    /// <summary>
    /// Tells whether a stored response, or a part of one, is of the URI, the partition and the variant that this request selects (RFC 9111
    /// §4.1).
    /// </summary>
    public bool Selects(CacheEntry stored) =>
        stored.Partition == Partition && stored.IsFor(Key.Target) && stored.Variant.Matches(SelectingFields);
}
