using CachingProxy.Core.Decisions;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Origins;
using CachingProxy.Core.Parsing;
using CachingProxy.Core.Storing;
using CachingProxy.Core.Telemetry;

namespace CachingProxy.Core.Fetching;

/// <summary>All that a fill needs from the request that began it, copied while the client was connected.</summary>
/// <param name="Origin">The origin to fetch from.</param>
/// <param name="Stored">The part of the request that is kept to store the response.</param>
/// <param name="ToOrigin">The request as it goes to the origin.</param>
internal sealed record FillRequest(IOrigin Origin, StoredRequest Stored, OriginRequest ToOrigin)
{
    /// <summary>The upstream URI.</summary>
    public CacheKey Key => Stored.Key;

    /// <summary>The partition of the requests that may share the response.</summary>
    public CachePartition Partition => Stored.Partition;

    /// <summary>The policy of the face on lifetimes, cookies and sizes.</summary>
    public CachePolicy Policy => Stored.Policy;

    /// <summary>The kind of the fill: what it asks the origin for.</summary>
    public FillKind Kind { get; private init; }

    /// <summary>The stored response that the origin is asked to confirm.</summary>
    public CacheEntry? Validating { get; private init; }

    /// <summary>Tells whether a usable response is stored, which an error must not replace.</summary>
    public bool HasStandIn { get; init; }

    /// <summary>Tells whether the fill may use a response that another fetch has stored since the decision about the request.</summary>
    public bool AcceptsStored { get; init; }

    /// <summary>
    /// True if the response may replace a stored one. False if the look-up has just found none, so that no second look is needed.
    /// </summary>
    public bool MayReplace { get; init; } = true;

    /// <summary>The moment when the request was sent, if it was sent before the fill began. Otherwise null.</summary>
    public DateTimeOffset? RequestedAt { get; private init; }

    /// <summary>Returns a fetch of what the client asks for, without the client's conditions.</summary>
    public static FillRequest Of(CacheRequest request) => Of(request, ConditionalRequest.Unconditional(Asked(request)));

    /// <summary>Returns a fetch that asks whether a stored response may still be used.</summary>
    public static FillRequest ToValidate(CacheRequest request, CacheEntry stored) =>
        Of(request, ConditionalRequest.ToValidate(Asked(request) with { Priority = FetchPriority.Revalidation }, stored)) with
        {
            Validating = stored,
            Kind = FillKind.Validate,
        };

    /// <summary>Returns a fetch that refreshes a stored response while the cache still serves it.</summary>
    public static FillRequest ToRefresh(CacheRequest request, CacheEntry stored)
    {
        var refresh = stored switch
        {
            { Part: not null } => Of(request),
            { HasValidator: true } => ToValidate(request, stored),
            _ => Of(request, ConditionalRequest.Whole(Asked(request))),
        };
        return refresh with
        {
            HasStandIn = true,
            Kind = FillKind.Refresh,
            AcceptsStored = stored.Part is null,
            ToOrigin = refresh.ToOrigin with { OnInterim = null, Priority = FetchPriority.Refresh },
        };
    }

    /// <summary>Returns a fetch of the bytes that a stored part lacks.</summary>
    public static FillRequest ToComplete(CacheRequest request, MissingPart missing) =>
        Of(request, ConditionalRequest.ToComplete(Asked(request), missing)) with
        {
            Kind = FillKind.Complete,
        };

    /// <summary>Returns a fill that stores a response already received for a client.</summary>
    public static FillRequest OfReceived(CacheRequest request, OriginResponse response, DateTimeOffset requestedAt)
    {
        var fill = Of(request, new OriginRequest(request.Method, request.Key, FieldList.Empty));
        return fill with { Origin = new ReceivedOrigin(response), RequestedAt = requestedAt, Kind = FillKind.Receive };
    }

    /// <summary>Sends the request to the origin.</summary>
    /// <param name="span">The id of the fill's span; null if nobody traces. The id becomes the parent of the origin's spans, since many
    /// requests may share the fill.</param>
    public ValueTask<OriginResponse> SendAsync(string? span) =>
        Origin.SendAsync(
            span is null ? ToOrigin : ToOrigin with { Fields = ToOrigin.Fields.With("traceparent", span) },
            CancellationToken.None
        );

    /// <summary>Returns this fetch without a condition.</summary>
    public FillRequest Unconditional() => this with { ToOrigin = ConditionalRequest.Whole(ToOrigin), Validating = null };

    // Only the head of a response tells whether it may be shared. Interim responses come earlier, so only the request that began the fill
    // gets them.
    private static OriginRequest Asked(CacheRequest request) => request.CreateOriginRequest() with { OnInterim = request.OnInterim };

    private static FillRequest Of(CacheRequest request, OriginRequest toOrigin) =>
        new(request.Face.Origin, StoredRequest.Of(request, RequestFacts.RangeOf(toOrigin.Fields)), toOrigin);

    /// <summary>An origin that returns a response already received.</summary>
    private sealed class ReceivedOrigin(OriginResponse response) : IOrigin
    {
        public ValueTask<OriginResponse> SendAsync(OriginRequest request, CancellationToken cancellation) => new(response);
    }
}
