using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Fetching;

/// <summary>
/// The result of the fetch for one request. The nested types are all its cases. The receiver uses the content or disposes of it.
/// </summary>
internal abstract record FetchResult
{
    private FetchResult() { }

    /// <summary>Tells whether the request shares a fetch that another request began.</summary>
    public bool IsCollapsed { get; init; }

    /// <summary>The time that the request waited for the heads of other requests' fetches.</summary>
    public TimeSpan Waited { get; init; }

    /// <summary>Returns the result of a fill for the request that began it.</summary>
    public static FetchResult AtFirstHand(FillOutcome outcome) =>
        outcome switch
        {
            FillOutcome.Shared(var entry, _, var fields, var reader) => new Received(entry, fields, reader),
            FillOutcome.Validated(var entry, var isStored) => new Validated(entry, isStored),
            FillOutcome.Found(var entry) => new Found(entry),
            FillOutcome.Unshared(var response, var reason) => new Unshared(response, reason),
            _ => new Failed(((FillOutcome.Failed)outcome).Failure),
        };

    /// <summary>The response to the request's own fetch, stored as it arrives.</summary>
    /// <param name="Entry">The entry to be stored.</param>
    /// <param name="Fields">The fields for this request. They must not be sent to others.</param>
    /// <param name="Body">The content as it arrives.</param>
    public sealed record Received(CacheEntry Entry, FieldList Fields, ResponseBody Body) : FetchResult;

    /// <summary>The response to a fetch that another request began, as it arrives.</summary>
    public sealed record Joined(CacheEntry Entry, ResponseBody Body) : FetchResult;

    /// <summary>A stored response that the origin has confirmed (RFC 9111 §4.3.3), and whether it is still stored.</summary>
    public sealed record Validated(CacheEntry Entry, bool IsStored) : FetchResult;

    /// <summary>A response that another fetch had stored meanwhile: the origin was not asked.</summary>
    public sealed record Found(CacheEntry Entry) : FetchResult;

    /// <summary>A stored part, and a response with the bytes that it lacked (RFC 9111 §3.4).</summary>
    /// <param name="Part">The part.</param>
    /// <param name="Rest">The entry of the response with the missing bytes.</param>
    /// <param name="Fields">The fields of that response for this request.</param>
    /// <param name="Body">The missing bytes as they arrive.</param>
    /// <param name="IsRestLast">True if the missing bytes come after the part, false if they come before it.</param>
    public sealed record Completed(CacheEntry Part, CacheEntry Rest, FieldList Fields, ResponseBody Body, bool IsRestLast) : FetchResult;

    /// <summary>A stale response that stands in for an error of the origin (RFC 5861 §4).</summary>
    /// <param name="Stale">The response.</param>
    /// <param name="OriginStatus">The status of the error; null where the origin gave none.</param>
    public sealed record StandsIn(CacheEntry Stale, int? OriginStatus) : FetchResult;

    /// <summary>A response that is not stored, and is for this request alone.</summary>
    public sealed record Unshared(OriginResponse Response, NotStoredReason Reason) : FetchResult;

    /// <summary>A response that was passed on without a look at the store.</summary>
    public sealed record Forwarded(OriginResponse Response) : FetchResult;

    /// <summary>There is no response.</summary>
    public sealed record Failed(OriginException Failure) : FetchResult;

    /// <summary>Nothing was fetched: the request must be forwarded to the origin as it is.</summary>
    public sealed record ToForward : FetchResult;
}
