using CachingProxy.Core.Entries;
using CachingProxy.Core.Fetching;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Responding;

/// <summary>
/// Makes the answer for one client from the result of the engine. All answers of the engine are made here. Safe for any number of threads.
/// </summary>
/// <param name="clock">The clock.</param>
/// <param name="via">The name of this proxy in <c>Via</c>.</param>
internal sealed class Responder(SteadyClock clock, string via)
{
    /// <summary>Answers with a stored response.</summary>
    public CacheResult FromStore(CacheRequest request, CacheEntry entry, TimeSpan age, HitReason reason) =>
        OfEntry(request, entry, entry.Body.ReadAhead(), age, CacheStatus.OfHit(reason, entry.Lifetime - age, KeyOf(request, entry)));

    /// <summary>Answers with the result of a fetch.</summary>
    /// <param name="request">The request.</param>
    /// <param name="fetched">The result of the fetch.</param>
    /// <param name="reason">The reason why the request could not be answered from the store.</param>
    public CacheResult FromOrigin(CacheRequest request, FetchResult fetched, ForwardReason reason)
    {
        var status = CacheStatus.Forward(reason) with { IsCollapsed = fetched.IsCollapsed };
        var answer = Of(request, fetched, status);
        answer.Waited = fetched.Waited;
        return answer;
    }

    private CacheResult Of(CacheRequest request, FetchResult fetched, CacheStatus status) =>
        fetched switch
        {
            FetchResult.Received(var entry, var fields, var body) => Conditional(
                request,
                new CacheResult(entry.Status, fields, body, StoredAs(entry, status with { IsStored = true, Key = KeyOf(request, entry) }))
            ),
            FetchResult.Joined(var entry, var body) => OfEntry(request, entry, body, entry.AgeAt(clock.Now), StoredAs(entry, status)),
            FetchResult.Validated(var entry, var isStored) => OfValidated(request, entry, status with { IsStored = isStored }),
            FetchResult.Found(var entry) => FromStore(request, entry, entry.AgeAt(clock.Now), HitReason.Fresh),
            FetchResult.Completed completed => OfCompleted(request, completed, status),
            FetchResult.StandsIn(var stale, var originStatus) => OfStandIn(
                request,
                stale,
                status with
                {
                    OriginStatus = originStatus,
                    IsInPlaceOfError = true,
                }
            ),
            FetchResult.Unshared(var response, var notStored) => Conditional(
                request,
                Passing(request, response, status with { NotStored = notStored })
            ),
            FetchResult.Forwarded(var response) => Passing(request, response, status),
            FetchResult.Failed(var failure) => CacheResult.OfFailure(failure, status),
            _ => throw new InvalidOperationException("No answer is defined for this result."),
        };

    /// <summary>Makes the answer from a response that is not stored, for its one client.</summary>
    public CacheResult Passing(CacheRequest request, OriginResponse response, CacheStatus status) =>
        new(
            response.Status,
            ServedFields.EndToEnd(response, request.Face.Policy, via),
            new PassingBody(response),
            status with
            {
                OriginStatus = response.Status,
            }
        );

    /// <summary>Answers a request that wanted a stored response only, where none can be used (RFC 9111 §5.2.1.7).</summary>
    public static CacheResult OnlyIfCached(ForwardReason reason) =>
        CacheResult.OfFailure(
            new OriginException(OriginError.OnlyIfCached, "The request asks for a stored response only, and none can be used."),
            CacheStatus.Forward(reason)
        );

    /// <summary>Answers a request that its client's limits refuse.</summary>
    public static CacheResult Refused(OriginException refusal) => CacheResult.OfFailure(refusal, CacheStatus.Refused(refusal.Error));

    private CacheStatus StoredAs(CacheEntry entry, CacheStatus status) =>
        status with
        {
            OriginStatus = entry.Status,
            TimeToLive = entry.Lifetime - entry.AgeAt(clock.Now),
        };

    private CacheResult OfCompleted(CacheRequest request, FetchResult.Completed completed, CacheStatus status)
    {
        var (part, rest, fields, reader, isRestLast) = completed;
        var whole = new FieldList([.. part.Fields.Without(fields.Contains), .. fields]).Without(IsOfPartOnly);
        var content = isRestLast
            ? new ConcatenatedBody(part.Body.ReadAhead(), reader)
            : new ConcatenatedBody(reader, part.Body.ReadAhead());
        return Conditional(request, new CacheResult(200, whole, content, StoredAs(rest, status with { IsStored = !status.IsCollapsed })));
    }

    private CacheResult OfStandIn(CacheRequest request, CacheEntry stale, CacheStatus status)
    {
        var age = stale.AgeAt(clock.Now);
        return OfEntry(request, stale, stale.Body.ReadAhead(), age, status with { TimeToLive = stale.Lifetime - age });
    }

    private CacheResult OfValidated(CacheRequest request, CacheEntry entry, CacheStatus status)
    {
        var age = entry.AgeAt(clock.Now);
        return OfEntry(
            request,
            entry,
            entry.Body.ReadAhead(),
            age,
            status with
            {
                OriginStatus = 304,
                IsValidated = true,
                TimeToLive = entry.Lifetime - age,
                Key = KeyOf(request, entry),
            }
        );
    }

    private CacheResult OfEntry(CacheRequest request, CacheEntry entry, ResponseBody body, TimeSpan age, CacheStatus status)
    {
        var whole = new CacheResult(entry.Status, entry.Fields, body, status) { Age = age };
        var result = Conditional(request, whole);

        // RFC 9110 §13.2.2: the range comes last, if the conditions have left anything to be sent.
        return ReferenceEquals(result, whole) && request.HasRange ? RangeResponse.Of(request, entry, whole) : result;
    }

    // RFC 9111 §4.3.2: answers with a 304 if the client already has the response.
    private CacheResult Conditional(CacheRequest request, CacheResult result)
    {
        var isSafe = request.IsGet || request.IsHead || request.IsKeyedQuery;
        if (!isSafe || !ClientConditions.IsNotModified(request.Fields, result.Status, result.Fields, clock))
        {
            return result;
        }

        return new CacheResult(304, ClientConditions.FieldsOf304(result.Fields), new UnreadBody(result.Body), result.CacheStatus)
        {
            Age = result.Age,
        };
    }

    private static bool IsOfPartOnly(string name) =>
        ContentDigests.Contains(name)
        || name.Equals("Content-Range", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase);

    // RFC 9211 §2.7: returns the key only if it is not simply the requested URI. The key leaves out the parts of the query that do not
    // matter to the response: they may be another client's.
    private static string? KeyOf(CacheRequest request, CacheEntry entry) =>
        entry.Partition.Query ?? (entry.Target == request.Key.Target ? null : entry.Key.Target);
}
