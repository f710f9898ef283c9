using CachingProxy.Core.Decisions;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Fetching;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Responding;

/// <summary>Makes the answer for one client out of what the engine has come to.</summary>
internal sealed class Responder(SteadyClock clock, string via)
{
    // What the origin did wrong or has no room for, as opposed to what nobody asked it.
    private static readonly OriginError[] OriginFaults =
    [
        OriginError.Disconnected, OriginError.HeldDown, OriginError.Overloaded, OriginError.Timeout,
        OriginError.InvalidResponse, OriginError.Truncated,
    ];

    /// <summary>A hit.</summary>
    public CacheResult FromStore(CacheRequest request, CacheEntry entry, TimeSpan age, HitReason reason) =>
        OfEntry(request, entry, entry.Body, age, CacheStatus.OfHit(reason, entry.Lifetime - age, KeyOf(request, entry)));

    /// <summary>What a fill brought, for the request that began it.</summary>
    public CacheResult FirstHand(CacheRequest request, FillOutcome outcome, CacheStatus status) => outcome switch
    {
        FillOutcome.Shared(var entry, _, var fields, var reader) => Conditional(
            request,
            new CacheResult(entry.Status, fields, reader, status with
            {
                OriginStatus = entry.Status,
                IsStored = true,
                TimeToLive = entry.Lifetime - entry.AgeAt(clock.Now),
                Key = KeyOf(request, entry),
            })),
        FillOutcome.Validated(var entry, var isStored) => OfValidated(request, entry, status with { IsStored = isStored }),
        FillOutcome.Found(var entry) => FromStore(request, entry, entry.AgeAt(clock.Now), HitReason.Fresh),
        FillOutcome.Unshared(var response, var reason) => Conditional(
            request,
            Passing(request, response, status with { NotStored = reason })),
        _ => CacheResult.OfFailure(((FillOutcome.Failed)outcome).Failure, status),
    };

    /// <summary>The same for a request that waited for it; null where that response is not for this request.</summary>
    public CacheResult? Join(CacheRequest request, FillOutcome outcome, CacheStatus status)
    {
        var now = clock.Now;
        status = status with { IsCollapsed = true };
        return outcome switch
        {
            FillOutcome.Shared(var entry, var body, _, _) when ReuseRules.CanBeShared(request, entry, now) && body.OpenReader() is { } reader =>
                OfEntry(request, entry, reader, entry.AgeAt(now), status with { OriginStatus = entry.Status, TimeToLive = entry.Lifetime - entry.AgeAt(now) }),
            FillOutcome.Validated(var entry, true) when ReuseRules.CanBeShared(request, entry, now) => OfValidated(request, entry, status),
            FillOutcome.Found(var entry) when ReuseRules.CanBeShared(request, entry, now) => FromStore(request, entry, entry.AgeAt(now), HitReason.Fresh),
            FillOutcome.Failed(var failure) => CacheResult.OfFailure(failure, status),
            _ => null,
        };
    }

    /// <summary>Whether the range that a request asks for can be taken out of a whole that is arriving.</summary>
    public bool CanSlice(CacheRequest request, FillOutcome outcome) => outcome is FillOutcome.Shared(var entry, var body, _, _)
        && RangeRules.Decide(request, entry, body.AnnouncedLength) is RangeDecision.Slices([_]) && ReuseRules.CanBeShared(request, entry, clock.Now);

    /// <summary>
    /// RFC 5861 §4: a stale response in the place of an error that the origin made; null where it made none. Whether it may
    /// stand in was decided before, and without it there is nothing.
    /// </summary>
    public CacheResult? StandIn(CacheRequest request, CacheEntry? stale, FillOutcome outcome, CacheStatus status)
    {
        if (stale is null)
        {
            return null;
        }

        int? originStatus = outcome is FillOutcome.Unshared({ } response, NotStoredReason.ServerError) ? response.Status : null;
        if (originStatus is null && !(outcome is FillOutcome.Failed(var failure) && (failure.IsUnconnected || OriginFaults.Contains(failure.Error))))
        {
            return null;
        }

        var age = stale.AgeAt(clock.Now);
        return OfEntry(request, stale, stale.Body, age, status with
        {
            OriginStatus = originStatus,
            TimeToLive = stale.Lifetime - age,
            IsInPlaceOfError = true,
        });
    }

    /// <summary>RFC 9111 §3.4: the whole, of a stored part and what was missing of it; null where what came is something else.</summary>
    public CacheResult? Completed(CacheRequest request, CacheEntry part, MissingPart missing, FillOutcome outcome, CacheStatus status)
    {
        if (outcome is not FillOutcome.Shared(var received, var body, var fields, var first) || !missing.IsIn(received)
            || (status.IsCollapsed && !received.Answers(request))
            || (status.IsCollapsed ? body.OpenReader() : first) is not { } reader)
        {
            return null;
        }

        var newer = status.IsCollapsed ? received.Fields : fields;
        var whole = new FieldList([.. part.Fields.Without(newer.Contains), .. newer]).Without(IsOfPartOnly);
        ResponseBody content = missing.IsLast ? new ConcatenatedBody(part.Body, reader) : new ConcatenatedBody(reader, part.Body);
        return Conditional(request, new CacheResult(200, whole, content, status with
        {
            OriginStatus = received.Status,
            IsStored = !status.IsCollapsed,
            TimeToLive = received.Lifetime - received.AgeAt(clock.Now),
        }));
    }

    /// <summary>A response that is not stored, for its one client.</summary>
    public CacheResult Passing(CacheRequest request, OriginResponse response, CacheStatus status) => new(
        response.Status,
        ServedFields.EndToEnd(response, request.Face.Policy, via),
        new PassingBody(response),
        status with { OriginStatus = response.Status });

    /// <summary>RFC 9111 §5.2.1.7: nothing is stored, and the origin was not to be asked.</summary>
    public static CacheResult OnlyIfCached(ForwardReason reason) => CacheResult.OfFailure(
        new OriginException(OriginError.OnlyIfCached, "The request asks for a stored response only, and none can be used."),
        CacheStatus.Forward(reason));

    private CacheResult OfValidated(CacheRequest request, CacheEntry entry, CacheStatus status)
    {
        var age = entry.AgeAt(clock.Now);
        return OfEntry(request, entry, entry.Body, age, status with { OriginStatus = 304, TimeToLive = entry.Lifetime - age, Key = KeyOf(request, entry) });
    }

    private CacheResult OfEntry(CacheRequest request, CacheEntry entry, ResponseBody body, TimeSpan age, CacheStatus status)
    {
        var whole = new CacheResult(entry.Status, entry.Fields, body, status) { Age = age };
        var result = Conditional(request, whole);

        // RFC 9110 §13.2.2: the range comes last, if the conditions have left anything to be sent.
        return ReferenceEquals(result, whole) && request.HasRange ? RangeResponse.Of(request, entry, whole) : result;
    }

    // RFC 9111 §4.3.2: what the client has already is not sent again.
    private CacheResult Conditional(CacheRequest request, CacheResult result)
    {
        var isSafe = request.IsGet || request.IsHead || request.IsKeyedQuery;
        if (!isSafe || !ClientConditions.IsNotModified(request.Fields, result.Status, result.Fields, clock))
        {
            return result;
        }

        return new CacheResult(304, ClientConditions.FieldsOf304(result.Fields), new UnreadBody(result.Body), result.CacheStatus) { Age = result.Age };
    }

    private static bool IsOfPartOnly(string name) => ContentDigests.Contains(name)
        || name.Equals("Content-Range", StringComparison.OrdinalIgnoreCase) || name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase);

    // RFC 9211 §2.7: only where it is not simply the URI that was asked for; without what does not matter to the response,
    // which may be another client's.
    private static string? KeyOf(CacheRequest request, CacheEntry entry) =>
        entry.Partition.Query ?? (entry.Target == request.Key.Target ? null : entry.Key.Target);
}
