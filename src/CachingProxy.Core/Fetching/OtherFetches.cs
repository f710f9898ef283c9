using CachingProxy.Core.Decisions;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;

namespace CachingProxy.Core.Fetching;

/// <summary>What other fetches have brought meanwhile, or are about to, of what a fill is to fetch: on this node, and on those that share a tier with it.</summary>
internal sealed class OtherFetches(FillRequest request, FillTools tools)
{
    // How often it is looked whether another node has done.
    private static readonly TimeSpan TurnPollInterval = TimeSpan.FromMilliseconds(25);

    /// <summary>What may be used as it is; null where it is for this fill to fetch.</summary>
    /// <param name="onTaken">Takes the turn to fetch, to be given back when what was fetched is stored.</param>
    public async ValueTask<CacheEntry?> FindAsync(Action<IAsyncDisposable> onTaken) =>
        // Between the look at what is stored and the look at what is under way, another fetch may have ended.
        await FindAsync(tools.Memory.FindAsync) ?? await TakeTurnAsync(onTaken);

    // Another node may be fetching the same: then what it stores is waited for, for as long as anybody waits for another's fetch. Null where it is
    // for this node to fetch, because the turn is its own, or the other's has brought nothing.
    private async ValueTask<CacheEntry?> TakeTurnAsync(Action<IAsyncDisposable> onTaken)
    {
        if (tools.Leases is not { } leases)
        {
            return null;
        }

        if (await leases.TryTakeAsync(request.Key, request.Partition) is { } own)
        {
            onTaken(own);
            return await FindAsync(tools.FindBehindAsync);
        }

        for (var begun = tools.Clock.Now; tools.Clock.Now - begun < request.Policy.WaitTimeout;)
        {
            await Task.Delay(TurnPollInterval, tools.Clock.Source);
            if (await leases.TryTakeAsync(request.Key, request.Partition) is { } ended)
            {
                // It is given back at once: what the other could not share is nothing to wait for in turn.
                await using (ended)
                {
                    return await FindAsync(tools.FindBehindAsync);
                }
            }
        }

        return null;
    }

    private async ValueTask<CacheEntry?> FindAsync(Func<CacheKey, ValueTask<IReadOnlyList<CacheEntry>>> find)
    {
        var now = tools.Clock.Now;
        foreach (var found in await find(request.Key))
        {
            var stored = found.Under(request.Policy);
            if (request.Stored.IsAnsweredBy(stored) && tools.Log.IsCurrent(request.Key, stored.Tags, stored.Position)
                && ReuseRules.IsFresh(request.Policy, request.Stored.Facts.Directives, stored, now))
            {
                return stored;
            }
        }

        return null;
    }
}
