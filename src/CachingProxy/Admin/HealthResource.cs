using CachingProxy.AspNetCore;
using CachingProxy.AspNetCore.Gate;
using CachingProxy.Core.Origins;
using CachingProxy.Core.Stores;
using CachingProxy.Http.Targets;
using Microsoft.Extensions.Hosting;

namespace CachingProxy.Admin;

/// <summary>
/// Answers <c>/healthz</c> (the process lives) and <c>/readyz</c> (it takes requests, and is not about to stop). If a store or an origin is
/// out of use, <c>/readyz</c> says degraded, which still counts as ready: misses go to the origin, and hits are served.
/// </summary>
/// <param name="lifetime">Tells when the server is about to stop.</param>
/// <param name="secondTier">The store that is configured beside the memory; null where none is.</param>
/// <param name="availability">The record of the origins that are down.</param>
/// <param name="origin">The origin that is configured; null where none is.</param>
internal sealed class HealthResource(
    IHostApplicationLifetime lifetime,
    ISecondTier? secondTier,
    OriginAvailability availability,
    OriginBase? origin
)
{
    public static Task LiveAsync(Exchange exchange, GuardedRequest guarded) => WriteAsync(exchange, 200, new ApiHealth("ok"));

    public Task ReadyAsync(Exchange exchange, GuardedRequest guarded)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return WriteAsync(exchange, 503, new ApiHealth("stopping"));
        }

        if (Reasons().ToList() is { Count: > 0 } reasons)
        {
            return WriteAsync(exchange, 200, new ApiHealth("degraded", reasons));
        }

        return WriteAsync(exchange, 200, new ApiHealth("ready"));
    }

    private IEnumerable<string> Reasons()
    {
        if (secondTier is { IsAvailable: false })
        {
            yield return "The store that --store names is not in use: look-ups in it are misses, and nothing is written to it.";
        }

        if (origin is not null && availability.FailureOf(origin.Authority) is { } failure)
        {
            yield return $"The origin fails again and again, and is asked only now and then. The last time: {failure}";
        }
    }

    private static Task WriteAsync(Exchange exchange, int status, ApiHealth health) =>
        ApiAnswer.WriteAsync(exchange, status, health, ApiJson.Readable.ApiHealth);
}
