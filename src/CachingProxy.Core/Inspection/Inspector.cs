using CachingProxy.Core.Decisions;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Fetching;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Lookup;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Purging;
using CachingProxy.Core.Stores;

namespace CachingProxy.Core.Inspection;

/// <summary>Looks into the engine: what is stored, and what would become of a request. Safe for any number of threads.</summary>
public sealed class Inspector
{
    private readonly ICacheStore _memory;
    private readonly CacheLookup _lookup;
    private readonly FillTable _fills;
    private readonly HitForMiss _hitForMiss;
    private readonly InvalidationLog _invalidations;
    private readonly SteadyClock _clock;

    internal Inspector(
        ICacheStore memory,
        CacheLookup lookup,
        FillTable fills,
        HitForMiss hitForMiss,
        InvalidationLog invalidations,
        SteadyClock clock
    )
    {
        (_memory, _lookup, _fills) = (memory, lookup, fills);
        (_hitForMiss, _invalidations, _clock) = (hitForMiss, invalidations, clock);
    }

    /// <summary>Returns what is stored for a URI, on all faces and for all hosts and variants, purged responses included.</summary>
    public async ValueTask<IReadOnlyList<EntryDescription>> FindAsync(CacheKey uri) =>
        [.. (await _lookup.CandidatesAsync(uri)).Select(Describe)];

    /// <summary>
    /// Returns a page of the memory tier (<see cref="IStoreInspector.ListAsync"/>); null where the store cannot be walked through.
    /// </summary>
    /// <param name="from">The place to begin at: 0, or what the page before returned.</param>
    /// <param name="max">The most entries to return.</param>
    /// <param name="isWanted">Tells whether to return an entry.</param>
    public async ValueTask<(IReadOnlyList<EntryDescription> Entries, long? Next)?> ListAsync(
        long from,
        int max,
        Func<CacheEntry, bool> isWanted
    )
    {
        if (_memory.Inspector is not { } store)
        {
            return null;
        }

        var (entries, next) = await store.ListAsync(from, max, isWanted);
        return ([.. entries.Select(Describe)], next);
    }

    /// <summary>
    /// Returns what would become of a request now. Asks no origin. The look-up is that of a request: it counts as a use of the entry, and
    /// may bring the entry from the second tier into memory.
    /// </summary>
    public async ValueTask<Explanation> ExplainAsync(CacheRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var now = _clock.Now;
        var stored = (await _lookup.CandidatesAsync(request.Key)).Count;
        if (ReuseRules.Bypass(request) is { } bypass)
        {
            var isRefused = request.Face.Policy.IsOffline || ReuseRules.IsOnlyIfCached(request);
            return new Explanation
            {
                Decision = isRefused ? "refuse" : "forward",
                Reason = CacheStatus.Forward(bypass).Reason,
                Stored = stored,
            };
        }

        var lookup = await _lookup.FindAsync(request, now);
        var (decision, reason, standIn) = Of(ReuseRules.Decide(request, lookup, now));
        decision = request.Face.Policy.IsOffline && decision != "serve" ? "refuse" : decision;
        return new Explanation
        {
            Decision = decision,
            Reason = reason,
            Stored = stored,
            Entry = lookup.Entry is { } entry ? Describe(entry) : null,
            MayStandIn = standIn is not null,
            IsBeingFetched = _fills.Find(request, FillKey.Of(request)) is not null,
            IsHitForMiss = _hitForMiss.Knows(request, now),
        };
    }

    private static (string Decision, string Reason, CacheEntry? StandIn) Of(ReuseDecision decision) =>
        decision switch
        {
            ReuseDecision.Serve(_, _, var hit) => ("serve", hit.ToDetail() ?? "fresh", null),
            ReuseDecision.Revalidate(_, var reason, var standIn) => ("revalidate", CacheStatus.Forward(reason).Reason, standIn),
            ReuseDecision.Complete => ("complete", CacheStatus.Forward(ForwardReason.Partial).Reason, null),
            ReuseDecision.Fetch(var reason, var standIn) => ("fetch", CacheStatus.Forward(reason).Reason, standIn),
            ReuseDecision.Forward(var reason) => ("forward", CacheStatus.Forward(reason).Reason, null),
            _ => ("refuse", CacheStatus.Forward(((ReuseDecision.GatewayTimeout)decision).Reason).Reason, null),
        };

    private EntryDescription Describe(CacheEntry entry)
    {
        var validity = _invalidations.Check(entry.Key, entry.Tags, entry.Position, out var staleSince);
        return EntryDescription.Of(
            validity == Validity.Stale ? entry.EndingAt(staleSince) : entry,
            _clock.Now,
            isPurged: validity == Validity.Gone
        );
    }
}
