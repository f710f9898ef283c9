using CachingProxy.Core.Decisions;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Lookup;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Origins;

namespace CachingProxy.Core.Fetching;

/// <summary>Fetches what a request asks for, in one fetch for all requests that want the same. Safe for any number of threads.</summary>
/// <remarks>
/// <list type="number"> <item>A request joins the fill that is open for its key, or begins one that others may join. A fill belongs to no
/// client.</item> <item>A waiting request takes the response only if the head shows that it may be reused for this request. Requests for
/// another variant then wait together for a fill of that variant, because the head has named the fields that select it.</item> <item>After
/// a purge, the waiting requests go on together to the next fill. After <see cref="MaxJoins"/> such purges, a request fetches for itself,
/// so that it is answered even if purges keep coming.</item> <item>For a fill that is too slow, see <see cref="Fill"/>.</item> </list>
/// </remarks>
/// <param name="fills">The fills that are under way.</param>
/// <param name="hitForMiss">Remembers the URIs whose requests do not wait for each other.</param>
/// <param name="lookup">Tells whether a stale response was purged meanwhile.</param>
/// <param name="clock">The clock.</param>
/// <param name="maxWaiting">How many requests may wait for the head of one fill.</param>
internal sealed class Fetcher(FillTable fills, HitForMiss hitForMiss, CacheLookup lookup, SteadyClock clock, int maxWaiting)
{
    private const int MaxJoins = 4;

    /// <summary>Fetches a response, or asks the origin to confirm a stored response.</summary>
    /// <param name="request">The request.</param>
    /// <param name="reason">Why the request could not be answered from the store.</param>
    /// <param name="validating">The stored response to be confirmed; null where there is none.</param>
    /// <param name="standIn">The stale response that may stand in for an error; null where none may.</param>
    /// <param name="clientGone">Ends the wait because the client has gone.</param>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public async ValueTask<FetchResult> FetchAsync(
        CacheRequest request,
        ForwardReason reason,
        CacheEntry? validating,
        CacheEntry? standIn,
        CancellationToken clientGone
    )
    {
        if (request.HasRange && validating is null && await JoinWholeAsync(request, clientGone) is { } slice)
        {
            return slice;
        }

        var toFetch = new Lazy<FillRequest>(
            () =>
                (validating is null ? FillRequest.Of(request) : FillRequest.ToValidate(request, validating)) with
                {
                    HasStandIn = standIn is not null,
                    MayReplace = reason is not (ForwardReason.UriMiss or ForwardReason.VaryMiss or ForwardReason.Purged),
                    AcceptsStored = !request.HasRange && reason is ForwardReason.UriMiss or ForwardReason.VaryMiss or ForwardReason.Stale,
                },
            LazyThreadSafetyMode.None
        );
        if (!hitForMiss.Contains(request, clock.Now))
        {
            return await JoinAsync(
                request,
                validating is null ? FillKey.Of(request) : FillKey.OfWhole(request),
                toFetch,
                standIn,
                clientGone
            );
        }

        // Probably no response will be stored to check the client's condition against, so the origin must check it.
        return validating is null && ConditionalRequest.IsConditional(request.Fields)
            ? new FetchResult.ToForward()
            : await FetchAloneAsync(request, fills.Begin(toFetch.Value), standIn, clientGone);
    }

    /// <summary>
    /// Answers a HEAD or a range request from a fill that is fetching the whole content. Returns null if there is no such fill, or if its
    /// response does not suit.
    /// </summary>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public async ValueTask<FetchResult?> JoinWholeAsync(CacheRequest request, CancellationToken clientGone)
    {
        if (fills.Find(request, FillKey.OfWhole(request)) is not { } fill)
        {
            return null;
        }

        using var waiting = fill.Wait(maxWaiting);
        var (outcome, _) = await WaitAsync(waiting, request, clientGone);
        return outcome switch
        {
            FillOutcome.Failed({ Error: OriginError.Overloaded }) => Share(request, outcome),
            null or FillOutcome.Failed => null,
            _ => request.IsHead || CanSlice(request, outcome) ? Share(request, outcome) : null,
        };
    }

    /// <summary>Fetches the bytes that a stored part lacks, and joins them to that part (RFC 9111 §3.4).</summary>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public async ValueTask<FetchResult> CompleteAsync(
        CacheRequest request,
        CacheEntry part,
        MissingPart missing,
        CancellationToken clientGone
    )
    {
        var key = FillKey.Of(request, missing);
        var (fill, began) = fills.FindOrBegin(request, key, new(() => FillRequest.ToComplete(request, missing), LazyThreadSafetyMode.None));
        return await (
                began
                    ? CompleteAloneAsync(fill, part, missing, clientGone)
                    : CompleteTogetherAsync(fill, request, part, missing, clientGone)
            )
            // The fetch has brought no usable bytes: fetch the whole content.
            ?? await FetchAsync(request, ForwardReason.Partial, null, null, clientGone);
    }

    private static async ValueTask<FetchResult?> CompleteAloneAsync(
        Fill fill,
        CacheEntry part,
        MissingPart missing,
        CancellationToken clientGone
    )
    {
        var outcome = await HeadAsync(fill, clientGone);
        if (outcome is FillOutcome.Shared(var rest, _, var fields, var first) && missing.IsIn(rest))
        {
            return new FetchResult.Completed(part, rest, fields, first, missing.IsLast);
        }

        if (!outcome.IsPart)
        {
            return FetchResult.AtFirstHand(outcome);
        }

        await fill.AbandonAsync();
        return null;
    }

    private async ValueTask<FetchResult?> CompleteTogetherAsync(
        Fill fill,
        CacheRequest request,
        CacheEntry part,
        MissingPart missing,
        CancellationToken clientGone
    )
    {
        using var waiting = fill.Wait(maxWaiting);
        var (outcome, _) = await WaitAsync(waiting, request, clientGone);
        if (outcome is FillOutcome.Shared(var rest, var body, _, _) && missing.IsIn(rest) && rest.Answers(request))
        {
            return body.OpenReader() is { } reader
                ? new FetchResult.Completed(part, rest, rest.Fields, reader, missing.IsLast) { IsCollapsed = true }
                : null;
        }

        return outcome is null || outcome.IsPart ? null : Share(request, outcome);
    }

    private async ValueTask<FetchResult> JoinAsync(
        CacheRequest request,
        FillKey key,
        Lazy<FillRequest> toFetch,
        CacheEntry? standIn,
        CancellationToken clientGone
    )
    {
        var waited = TimeSpan.Zero;
        for (var purges = 0; ; )
        {
            var (fill, began) = fills.FindOrBegin(request, key, toFetch);
            if (began && fill.Earlier is null)
            {
                return await FetchAloneAsync(request, fill, standIn, clientGone);
            }

            if (began)
            {
                // This fill began while an overdue fill runs. Give up the request's place as its first reader: like all other requests, the
                // request waits for the head that comes first.
                _ = fill.AbandonAsync();
            }

            var waitingSince = clock.Source.GetTimestamp();
            var (joined, outcome) = await WaitForAsync(request, fill, standIn, clientGone);
            waited += clock.Source.GetElapsedTime(waitingSince);
            if (joined is not null)
            {
                return joined with { Waited = waited };
            }

            // The fill was too slow, or was purged while the request waited for it: go on to the next fill, together with all others that
            // wait.
            if (outcome is null || (!fills.Answers(request, fill) && ++purges < MaxJoins))
            {
                continue;
            }

            if (key.Variant.Length > 0 || FillOutcome.VariantOf(outcome) is not { } variant || request.Selects(variant))
            {
                return (await FetchAloneAsync(request, fills.Begin(toFetch.Value), standIn, clientGone)) with { Waited = waited };
            }

            key = key.Among(variant, request);
        }
    }

    // A request that goes on to fetch for itself must no longer count as waiting here: the fill may have to wait until all waiting requests
    // have looked at it.
    private async ValueTask<(FetchResult? Joined, FillOutcome? Outcome)> WaitForAsync(
        CacheRequest request,
        Fill fill,
        CacheEntry? standIn,
        CancellationToken clientGone
    )
    {
        using var waiting = fill.Wait(maxWaiting);
        var (outcome, source) = await WaitAsync(waiting, request, clientGone);
        if (outcome is null)
        {
            return default;
        }

        var isForRequest = fills.Answers(request, source!) && !source!.IsRefusedRefresh(outcome);
        var joined = StandIn(request, standIn, outcome) ?? (isForRequest ? Share(request, outcome) : null);
        return (joined is null ? null : joined with { IsCollapsed = true }, outcome);
    }

    // Waits for the response on behalf of the request that began the fill.
    private async ValueTask<FetchResult> FetchAloneAsync(CacheRequest request, Fill fill, CacheEntry? standIn, CancellationToken clientGone)
    {
        var outcome = await HeadAsync(fill, clientGone);
        if (StandIn(request, standIn, outcome) is { } stale)
        {
            await fill.AbandonAsync();
            return stale;
        }

        return FetchResult.AtFirstHand(outcome);
    }

    /// <summary>
    /// Waits for the head of a fill on behalf of the request that began it. If the client goes, gives up the request's place.
    /// </summary>
    public static async ValueTask<FillOutcome> HeadAsync(Fill fill, CancellationToken clientGone)
    {
        try
        {
            return await fill.Head.WaitAsync(clientGone);
        }
        catch (OperationCanceledException)
        {
            _ = fill.AbandonAsync();
            throw;
        }
    }

    private ValueTask<(FillOutcome? Outcome, Fill? Source)> WaitAsync(
        Waiting waiting,
        CacheRequest request,
        CancellationToken clientGone
    ) => fills.WaitAsync(waiting, request.Face.Policy.WaitTimeout, clock.Source, clientGone);

    // Returns the response of a fill for a request that waited; null where the response is not for that request.
    private FetchResult? Share(CacheRequest request, FillOutcome outcome)
    {
        FetchResult? shared = outcome switch
        {
            FillOutcome.Shared(var entry, var body, _, _) when CanBeShared(entry) => Reader(entry, body),
            FillOutcome.Validated(var entry, true) when CanBeShared(entry) => new FetchResult.Validated(entry, false),
            FillOutcome.Found(var entry) when CanBeShared(entry) => new FetchResult.Found(entry),
            FillOutcome.Failed(var failure) => new FetchResult.Failed(failure),
            _ => null,
        };
        return shared is null ? null : shared with { IsCollapsed = true };

        bool CanBeShared(CacheEntry entry) => ReuseRules.CanBeShared(request, entry, clock.Now);

        static FetchResult.Joined? Reader(CacheEntry entry, GrowingBody body) =>
            body.OpenReader() is { } reader ? new FetchResult.Joined(entry, reader) : null;
    }

    // Returns true if the range that a request asks for can be taken out of the whole content while it arrives.
    private bool CanSlice(CacheRequest request, FillOutcome outcome) =>
        outcome is FillOutcome.Shared(var entry, var body, _, _)
        && RangeRules.Decide(request, entry, body.AnnouncedLength) is RangeDecision.Slices([_])
        && ReuseRules.CanBeShared(request, entry, clock.Now);

    // RFC 5861 §4. The caller has decided that the stale response may stand in. If it was purged meanwhile, it may not.
    private FetchResult.StandsIn? StandIn(CacheRequest request, CacheEntry? standIn, FillOutcome outcome)
    {
        if (standIn is null)
        {
            return null;
        }

        int? status = outcome is FillOutcome.Unshared({ } response, NotStoredReason.ServerError) ? response.Status : null;
        var hasFailed = status is not null || (outcome is FillOutcome.Failed(var failure) && failure.IsOfOrigin);
        return hasFailed && !lookup.IsGone(request, standIn) ? new FetchResult.StandsIn(standIn, status) : null;
    }
}
