using CachingProxy.AspNetCore;
using CachingProxy.AspNetCore.Gate;
using CachingProxy.Core;
using CachingProxy.Core.Origins;
using CachingProxy.Core.Stores.Memory;
using CachingProxy.Core.Telemetry;
using CachingProxy.Telemetry;

namespace CachingProxy.Admin;

/// <summary>Answers <c>/cache/stats</c>: what happened since the start, and what is going on now.</summary>
internal sealed class StatsResource(
    CacheEngine engine,
    MemoryStore memory,
    Statistics statistics,
    OriginAvailability availability,
    Redaction redaction,
    TimeProvider time
)
{
    private const int Missed = 20;

    private readonly long _startedAt = time.GetTimestamp();

    /// <summary>The number of requests that are being answered now.</summary>
    public Func<int> ActiveRequests { get; set; } = () => 0;

    public Task GetAsync(Exchange exchange, GuardedRequest guarded)
    {
        var (_, error) = AdminParameters.Read(guarded, []);
        if (error is not null)
        {
            return error.WriteAsync(exchange);
        }

        var requests = Enum.GetValues<RequestOutcome>().ToDictionary(outcome => outcome.ToToken(), statistics.CountOf);
        var stats = new ApiStats(
            true,
            ProductName.Version,
            (long)time.GetElapsedTime(_startedAt).TotalSeconds,
            requests,
            HitRatio(),
            statistics.Bytes,
            statistics.BytesFromCache,
            ActiveRequests(),
            engine.WaitingRequests,
            engine.RunningFills,
            memory.HeldBytes,
            memory.Count,
            memory.Evictions,
            availability.HeldDown,
            [.. statistics.MostMissed(Missed).Select(Contract)]
        );
        return ApiAnswer.WriteAsync(exchange, 200, stats, ApiJson.Readable.ApiStats);
    }

    private ApiMissed Contract(MissedUrl url) =>
        new(redaction.Of(url.Key.ToString()), url.Count, url.Outcome.ToToken(), url.Reason, Math.Round(url.Duration.TotalSeconds, 3));

    private double? HitRatio()
    {
        var hits =
            statistics.CountOf(RequestOutcome.Hit)
            + statistics.CountOf(RequestOutcome.Stale)
            + statistics.CountOf(RequestOutcome.Revalidated)
            + statistics.CountOf(RequestOutcome.Shared);
        var all =
            hits
            + statistics.CountOf(RequestOutcome.Miss)
            + statistics.CountOf(RequestOutcome.Bypass)
            + statistics.CountOf(RequestOutcome.Error);
        return all == 0 ? null : Math.Round((double)hits / all, 4);
    }
}
