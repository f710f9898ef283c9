using CachingProxy.Core.Decisions;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Lookup;
using CachingProxy.Core.Purging;
using CachingProxy.Core.Stores;

namespace CachingProxy.Core.Fetching;

/// <summary>
/// Finds the response that a fill needs, if another fetch has stored it meanwhile on this node or on a node that shares the second tier.
/// Waits for a node that is fetching it now. Safe for any number of threads.
/// </summary>
/// <param name="memory">The memory of this node.</param>
/// <param name="tiers">The memory together with the second tier; null where there is no second tier.</param>
/// <param name="leases">The turns to fetch, shared by all nodes; null where there is only this node.</param>
/// <param name="invalidations">The log of purges.</param>
/// <param name="clock">The clock.</param>
internal sealed class SharedFetch(
    ICacheStore memory,
    TieredStore? tiers,
    IFetchLeases? leases,
    InvalidationLog invalidations,
    SteadyClock clock
)
{
    // The interval at which a waiting node tries to take the turn.
    private static readonly TimeSpan TurnPollInterval = TimeSpan.FromMilliseconds(25);

    /// <summary>
    /// Returns an entry that may be used as it is, the turn to fetch, both, or neither. The caller gives the turn back when it has the
    /// entry or has stored its response. With neither, the caller fetches without a turn.
    /// </summary>
    public async ValueTask<(CacheEntry? Found, IAsyncDisposable? Turn)> FindAsync(FillRequest request)
    {
        // Another fetch may have stored its response after the look-up and before this fill began.
        if (Usable(request, await memory.FindAsync(request.Key)) is { } found)
        {
            return (found, null);
        }

        return tiers is not null && leases is not null ? await TakeTurnAsync(request, tiers, leases) : default;
    }

    // Takes the turn if it is free. Otherwise waits until the other node gives it back, no longer than the wait timeout. If that node has
    // stored nothing usable, returns neither entry nor turn: this node then fetches without a turn.
    private async ValueTask<(CacheEntry? Found, IAsyncDisposable? Turn)> TakeTurnAsync(
        FillRequest request,
        TieredStore tiers,
        IFetchLeases leases
    )
    {
        if (await leases.TryTakeAsync(request.Key, request.Partition) is { } own)
        {
            return (Usable(request, await tiers.LookBehindAsync(request.Key)), own);
        }

        for (var begun = clock.Now; clock.Now - begun < request.Policy.WaitTimeout; )
        {
            await Task.Delay(TurnPollInterval, clock.Source);
            if (await leases.TryTakeAsync(request.Key, request.Partition) is { } ended)
            {
                // Give the turn back at once: if the response could not be shared, no other node should wait for this node's fetch.
                await using (ended)
                {
                    return (Usable(request, await tiers.LookBehindAsync(request.Key)), null);
                }
            }
        }

        return default;
    }

    private CacheEntry? Usable(FillRequest request, IReadOnlyList<CacheEntry> found)
    {
        var now = clock.Now;
        return found
            .Select(entry => entry.Under(request.Policy))
            .FirstOrDefault(stored =>
                request.Stored.IsAnsweredBy(stored)
                && invalidations.IsCurrent(request.Key, stored.Tags, stored.Position)
                && ReuseRules.IsFresh(request.Policy, request.Stored.Facts.Directives, stored, now)
            );
    }
}
