using CachingProxy.Core.Decisions;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Lookup;
using CachingProxy.Core.Purging;
using CachingProxy.Core.Stores;

namespace CachingProxy.Core.Fetching;

/// <summary>
/// Finds a response for a fill that another fetch has stored meanwhile, or is about to store: on this node, or on a node that shares the
/// second tier. Safe for any number of threads.
/// </summary>
/// <param name="memory">What this node has.</param>
/// <param name="tiers">What the tier behind it has as well; null where there is none.</param>
/// <param name="leases">Whose turn it is to fetch, of all nodes; null where there is only this one.</param>
/// <param name="invalidations">What was purged.</param>
/// <param name="clock">The clock.</param>
internal sealed class SharedFetch(
    ICacheStore memory,
    TieredStore? tiers,
    IFetchLeases? leases,
    InvalidationLog invalidations,
    SteadyClock clock
)
{
    // How often it is looked whether another node has done.
    private static readonly TimeSpan TurnPollInterval = TimeSpan.FromMilliseconds(25);

    /// <summary>
    /// Returns an entry that may be used as it is; or the turn to fetch, which the caller gives back when the response is stored; or
    /// neither, for a fetch without a turn.
    /// </summary>
    public async ValueTask<(CacheEntry? Found, IAsyncDisposable? Turn)> FindAsync(FillRequest request)
    {
        // Between the look at what is stored and the look at what is under way, another fetch may have ended.
        if (Usable(request, await memory.FindAsync(request.Key)) is { } found)
        {
            return (found, null);
        }

        return tiers is not null && leases is not null ? await TakeTurnAsync(request, tiers, leases) : default;
    }

    // If another node is fetching the same, waits for its response, no longer than the wait timeout. If that node has stored nothing
    // usable, returns neither entry nor turn: this node then fetches without a turn.
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
                // The turn is given back at once: a response that the other could not share is nothing to wait for.
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
