using CachingProxy.Core.Decisions;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Storing;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.Core.Fetching;

/// <summary>All that a fill needs of the request that began it, taken while its client was there.</summary>
internal sealed record FillRequest(
    CacheFace Face, CacheKey Key, CachePartition Partition, RequestFacts Facts, FieldList SelectingFields, OriginRequest ToOrigin)
{
    /// <summary>The stored response that the origin is asked to confirm.</summary>
    public CacheEntry? Validating { get; private init; }

    /// <summary>Whether a good response is stored that an error must not replace.</summary>
    public bool HasStandIn { get; init; }

    /// <summary>Whether a response that another fetch has stored since the request was decided about will do as well.</summary>
    public bool AcceptsStored { get; init; }

    /// <summary>Whether a response may take the place of a stored one: false where the look-up has just found none, and nobody need look again.</summary>
    public bool MayReplace { get; init; } = true;

    /// <summary>When the request was sent, where that was before the fill began.</summary>
    public DateTimeOffset? RequestedAt { get; private init; }

    /// <summary>What the client asks for, without its conditions.</summary>
    public static FillRequest Of(CacheRequest request) => Of(request, ConditionalRequest.Unconditional(Asked(request)));

    /// <summary>Whether a stored response may still be used.</summary>
    public static FillRequest ToValidate(CacheRequest request, CacheEntry stored) =>
        Of(request, ConditionalRequest.ToValidate(Asked(request), stored)) with { Validating = stored };

    /// <summary>A stored response anew, while it is still being served.</summary>
    public static FillRequest ToRefresh(CacheRequest request, CacheEntry stored)
    {
        var refresh = stored.Part is not null ? Of(request)
            : stored.HasValidator ? ToValidate(request, stored)
            : Of(request, ConditionalRequest.Whole(Asked(request)));
        return refresh with { HasStandIn = true, AcceptsStored = stored.Part is null, ToOrigin = refresh.ToOrigin with { OnInterim = null } };
    }

    /// <summary>What is missing of a stored part.</summary>
    public static FillRequest ToComplete(CacheRequest request, MissingPart missing) =>
        Of(request, ConditionalRequest.ToComplete(Asked(request), missing));

    /// <summary>What the client asks for was received already, and is to be kept.</summary>
    public static FillRequest OfReceived(CacheRequest request, OriginResponse response, DateTimeOffset requestedAt)
    {
        var fill = Of(request, new OriginRequest(request.Method, request.Key, FieldList.Empty));
        return fill with { Face = request.Face with { Origin = new ReceivedOrigin(response) }, RequestedAt = requestedAt };
    }

    /// <summary>Whether a stored response is one to this request, and the whole of it; how fresh it is counts apart (RFC 9111 §4).</summary>
    public bool IsAnsweredBy(CacheEntry stored) => stored.Part is null && Selects(stored);

    /// <summary>Whether a stored response, or a part of one, is of the URI, the partition and the variant that this request selects (RFC 9111 §4.1).</summary>
    public bool Selects(CacheEntry stored) => stored.Partition == Partition && stored.IsFor(Key.Target) && stored.Variant.Matches(SelectingFields);

    /// <summary>The same without a condition.</summary>
    public FillRequest Unconditional() => this with { ToOrigin = ConditionalRequest.Whole(ToOrigin), Validating = null };

    // Whether a response may be shared is known when its head is there: what comes before that is for the one who asked.
    private static OriginRequest Asked(CacheRequest request) => request.CreateOriginRequest() with { OnInterim = request.OnInterim };

    private static FillRequest Of(CacheRequest request, OriginRequest toOrigin)
    {
        var fields = new List<KeyValuePair<string, StringValues>>();
        request.SelectingFields.CopyTo(fields);
        var facts = RequestFacts.Of(request) with { Range = RequestFacts.RangeOf(toOrigin.Fields) };
        return new FillRequest(request.Face, request.Key, request.Partition, facts, new FieldList(fields), toOrigin);
    }

    /// <summary>An origin that has answered.</summary>
    private sealed class ReceivedOrigin(OriginResponse response) : IOrigin
    {
        public ValueTask<OriginResponse> SendAsync(OriginRequest request, CancellationToken cancellation) => new(response);
    }
}
