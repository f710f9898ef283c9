using CachingProxy.Core.Entries;
using CachingProxy.Core.Fetching;
using CachingProxy.Core.Inspection;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Lookup;
using CachingProxy.Core.Purging;
using CachingProxy.Core.Responding;
using CachingProxy.Core.Stores;
using CachingProxy.Core.Storing;
using CachingProxy.Core.Telemetry;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Core;

/// <summary>Holds the parts of an engine.</summary>
internal sealed record EngineParts(
    SteadyClock Clock,
    InvalidationLog Invalidations,
    PurgeSink PurgeSink,
    Purger Purger,
    CacheLookup Lookup,
    ISecondTier? SecondTier,
    HitForMiss HitForMiss,
    GrowthBudget Growth,
    FillTable Fills,
    Fetcher Fetcher,
    Forwarder Forwarder,
    Refresher Refresher,
    Responder Responder,
    Inspector Inspector
)
{
    /// <summary>Wires an engine, from the ground up.</summary>
    public static EngineParts Wire(
        ICacheStore memory,
        CacheEngineOptions options,
        TimeProvider time,
        ILogger logger,
        ISecondTier? secondTier
    )
    {
        var clock = new SteadyClock(time);
        var failures = new FailureLog(logger, clock);
        var invalidations = new InvalidationLog(clock);
        var variances = new SearchVariances();
        var purgeSink = new PurgeSink(invalidations, memory, variances);
        var purger = new Purger(invalidations, purgeSink, options.Events, secondTier);

        var tiers = secondTier is null ? null : new TieredStore(memory, secondTier, invalidations, clock);
        var store = tiers ?? memory;
        var lookup = new CacheLookup(store, tiers, invalidations, variances);

        var entries = new EntryFactory(clock, variances, options.Pseudonym);
        var stored = new StoringSteps(entries, new Revalidation(store, lookup, entries, clock), new PartCombination(store, invalidations));

        var hitForMiss = new HitForMiss();
        var growth = new GrowthBudget(options.MaxGrowingBytes);
        var others = new SharedFetch(memory, tiers, secondTier?.Leases, invalidations, clock);
        var fills = new FillTable(
            invalidations,
            new FillRunner(others, store, stored, hitForMiss, growth, invalidations, clock, logger, failures, options.Events)
        );
        return new EngineParts(
            clock,
            invalidations,
            purgeSink,
            purger,
            lookup,
            secondTier,
            hitForMiss,
            growth,
            fills,
            new Fetcher(fills, hitForMiss, lookup, clock, options.MaxWaitersPerFill),
            new Forwarder(fills, purger, stored.Revalidation, invalidations, failures, clock),
            new Refresher(fills, clock),
            new Responder(clock, options.Pseudonym),
            new Inspector(memory, lookup, fills, hitForMiss, invalidations, clock)
        );
    }
}
