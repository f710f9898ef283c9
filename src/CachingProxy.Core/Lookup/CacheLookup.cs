using CachingProxy.Core.Decisions;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Purging;
using CachingProxy.Core.Stores;

namespace CachingProxy.Core.Lookup;

/// <summary>Finds the stored response for a request, and leaves out responses that were purged since they were fetched.</summary>
/// <param name="store">Where responses are stored: in the memory, or in all tiers.</param>
/// <param name="tiers">The tiers, to look behind the memory; null where there is only the memory.</param>
/// <param name="invalidations">The log of purges.</param>
/// <param name="variances">The other keys that a URI may have.</param>
internal sealed class CacheLookup(ICacheStore store, TieredStore? tiers, InvalidationLog invalidations, SearchVariances variances)
{
    public ValueTask<LookupResult> FindAsync(CacheRequest request, DateTimeOffset now)
    {
        var found = CandidatesAsync(request.Key);
        if (!found.IsCompletedSuccessfully)
        {
            return AwaitAsync(request, found, now);
        }

        var here = Select(request, found.GetAwaiter().GetResult(), now);
        return
            tiers is null
            || here.Entry?.IsFreshAt(request.Face.Policy, now) == true
            || ReuseRules.Decide(request, here, now) is ReuseDecision.Serve
            ? new(here)
            : FindBehindAsync(request, now);
    }

    /// <summary>Returns all entries stored under any of the keys of a URI. Does not decide whether they answer a request.</summary>
    public ValueTask<IReadOnlyList<CacheEntry>> CandidatesAsync(CacheKey uri) =>
        variances.AreEmpty ? store.FindAsync(uri) : UnderAllKeysAsync(uri);

    /// <summary>
    /// Tells whether a stored response was purged since it was fetched: by the URI of the request, by its own key, or by its tags.
    /// </summary>
    public bool IsGone(CacheRequest request, CacheEntry entry) => Check(request, entry, out _) == Validity.Gone;

    /// <summary>Tells whether any response that may still be served is stored for a URI, in whatever partition and variant.</summary>
    public async ValueTask<bool> HasAnyAsync(CacheKey uri)
    {
        foreach (var entry in await CandidatesAsync(uri))
        {
            if (invalidations.Check(uri, entry.Tags, entry.Position, out _) != Validity.Gone)
            {
                return true;
            }
        }

        return false;
    }

    private async ValueTask<LookupResult> AwaitAsync(
        CacheRequest request,
        ValueTask<IReadOnlyList<CacheEntry>> found,
        DateTimeOffset now
    ) => Select(request, await found, now);

    // Called where the memory has no entry that may be served as it is.
    private async ValueTask<LookupResult> FindBehindAsync(CacheRequest request, DateTimeOffset now)
    {
        var candidates = new List<CacheEntry>();
        foreach (var key in variances.KeysOf(request.Key))
        {
            candidates.AddRange(await tiers!.FindBehindAsync(key));
        }

        return Select(request, candidates, now);
    }

    private async ValueTask<IReadOnlyList<CacheEntry>> UnderAllKeysAsync(CacheKey uri)
    {
        var candidates = new List<CacheEntry>();
        foreach (var key in variances.KeysOf(uri))
        {
            candidates.AddRange(await store.FindAsync(key));
        }

        return candidates;
    }

    private LookupResult Select(CacheRequest request, IReadOnlyList<CacheEntry> candidates, DateTimeOffset now)
    {
        if (candidates.Count == 0)
        {
            return LookupResult.Missed(ForwardReason.UriMiss);
        }

        var (entry, reason) = VariantSelection.Select(request, candidates, now);
        return entry is null ? LookupResult.Missed(reason) : Validate(request, entry);
    }

    // Only a hard purge of a URL, or of all, removes entries itself. After any other purge, the look-up that finds a purged entry makes it
    // stale or removes it.
    private LookupResult Validate(CacheRequest request, CacheEntry entry)
    {
        switch (Check(request, entry, out var staleSince))
        {
            case Validity.Current:
                return LookupResult.Found(Corrected(entry, entry.Under(request.Face.Policy)));
            case Validity.Stale:
                // The entry keeps the position of its fetch: a hard purge with a lower number than the soft one may reach this node later.
                return LookupResult.Found(Corrected(entry, entry.Under(request.Face.Policy).EndingAt(staleSince)));
            default:
                _ = store.RemoveAsync(entry).AsTask();
                return LookupResult.Missed(ForwardReason.Purged);
        }
    }

    private CacheEntry Corrected(CacheEntry stored, CacheEntry corrected)
    {
        if (!ReferenceEquals(stored, corrected))
        {
            _ = store.UpdateAsync(stored, corrected).AsTask();
        }

        return corrected;
    }

    private Validity Check(CacheRequest request, CacheEntry entry, out DateTimeOffset staleSince)
    {
        var validity = invalidations.Check(request.Key, entry.Tags, entry.Position, out staleSince);
        if (validity == Validity.Gone || entry.SearchVariance is null)
        {
            return validity;
        }

        var ofKey = invalidations.Check(entry.Key, entry.Tags, entry.Position, out var alsoSince);
        staleSince = validity == Validity.Current || (ofKey == Validity.Stale && alsoSince < staleSince) ? alsoSince : staleSince;
        return ofKey > validity ? ofKey : validity;
    }
}
