using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;

namespace CachingProxy.Core.Fetching;

/// <summary>Refreshes stored responses while they are still being served. Safe for any number of threads.</summary>
internal sealed class Refresher(FillTable fills, SteadyClock clock)
{
    private readonly RefreshPauses _pauses = new();

    /// <summary>
    /// Begins to fetch a stored response anew, unless such a fetch began less than a second ago or is under way. Nobody waits for the
    /// fetch.
    /// </summary>
    public void Refresh(CacheRequest request, CacheEntry stored)
    {
        if (!_pauses.TryBegin(stored.Serial, clock.Now))
        {
            return;
        }

        var key = FillKey.ToRefresh(request, stored);
        if (
            fills.FindOrBegin(request, key, new(() => FillRequest.ToRefresh(request, stored), LazyThreadSafetyMode.None)) is
            (var fill, true)
        )
        {
            _ = fill.AbandonAsync();
        }
    }
}
