using CachingProxy.Core.Decisions;
using CachingProxy.Core.Fetching;
using CachingProxy.Core.Storing;

namespace CachingProxy.Core.Responding;

/// <summary>Makes the answer for one client out of what the engine has come to.</summary>
internal sealed class Responder(SteadyClock clock, string via)
{
    /// <summary>A hit.</summary>
    public CacheResult FromStore(CacheRequest request, CacheEntry entry, TimeSpan age) =>
        OfEntry(request, entry, entry.Body, age, CacheStatus.Hit(entry.Lifetime - age));

    /// <summary>What a fill brought, for the request that began it.</summary>
    public CacheResult FirstHand(CacheRequest request, FillOutcome outcome, CacheStatus status) => outcome switch
    {
        FillOutcome.Shared(var entry, _, var fields, var reader) => Conditional(
            request,
            new CacheResult(entry.Status, fields, reader, status with { OriginStatus = entry.Status, IsStored = true, TimeToLive = entry.Lifetime - entry.AgeAt(clock.Now) })),
        FillOutcome.Validated(var entry, var isStored) => OfValidated(request, entry, status with { IsStored = isStored }),
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
            FillOutcome.Failed(var failure) => CacheResult.OfFailure(failure, status),
            _ => null,
        };
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
        return OfEntry(request, entry, entry.Body, age, status with { OriginStatus = 304, TimeToLive = entry.Lifetime - age });
    }

    private CacheResult OfEntry(CacheRequest request, CacheEntry entry, ResponseBody body, TimeSpan age, CacheStatus status) =>
        Conditional(request, new CacheResult(entry.Status, entry.Fields, body, status) { Age = age });

    // RFC 9111 §4.3.2: what the client has already is not sent again.
    private CacheResult Conditional(CacheRequest request, CacheResult result)
    {
        if (!ClientConditions.IsNotModified(request.Fields, result.Status, result.Fields, clock))
        {
            return result;
        }

        return new CacheResult(304, ClientConditions.FieldsOf304(result.Fields), new UnreadBody(result.Body), result.CacheStatus) { Age = result.Age };
    }
}
