using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Lookup;
using CachingProxy.Core.Purging;
using CachingProxy.Core.Stores;
using CachingProxy.Core.Storing;
using CachingProxy.Core.Telemetry;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Core.Fetching;

/// <summary>What every fill works with.</summary>
internal sealed record FillTools(ICacheStore Store, ICacheStore Memory, IFetchLeases? Leases, EntryFactory Entries, Freshener Freshener, PartCombination Parts, Unshareables Unshareables, GrowthBudget Growth, InvalidationLog Log, SteadyClock Clock, ILogger Logger, FailureLog Failures)
{
    /// <summary>All that is stored for a URI, also what another node has stored since the memory was looked at.</summary>
    public ValueTask<IReadOnlyList<CacheEntry>> FindBehindAsync(CacheKey key) => Store is TieredStore tiers ? tiers.LookBehindAsync(key) : Store.FindAsync(key);
}
