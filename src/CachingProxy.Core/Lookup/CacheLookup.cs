using CachingProxy.Core.Decisions;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Purging;
using CachingProxy.Core.Storing;

namespace CachingProxy.Core.Lookup;

/// <summary>Finds what is stored for a request, and leaves out what was purged since it was fetched.</summary>
internal sealed class CacheLookup(ICacheStore store, InvalidationLog log, SearchVariances variances)
{
    public ValueTask<LookupResult> FindAsync(CacheRequest request, DateTimeOffset now)
    {
        var found = CandidatesAsync(request.Key);
        return found.IsCompletedSuccessfully
            ? new ValueTask<LookupResult>(Select(request, found.GetAwaiter().GetResult(), now))
            : AwaitAsync(request, found, now);
    }

    /// <summary>All that is stored under any of the keys of a URI; whether it answers a request is not decided yet.</summary>
    public ValueTask<IReadOnlyList<CacheEntry>> CandidatesAsync(CacheKey uri) => variances.AreEmpty ? store.FindAsync(uri) : UnderAllKeysAsync(uri);

    /// <summary>Whether nothing that a stored response and a request for it are about was purged since it was fetched.</summary>
    public bool IsCurrent(CacheRequest request, CacheEntry entry) =>
        log.IsCurrent(request.Key, entry.Position) && (entry.SearchVariance is null || log.IsCurrent(entry.Key, entry.Position));

    private async ValueTask<LookupResult> AwaitAsync(CacheRequest request, ValueTask<IReadOnlyList<CacheEntry>> found, DateTimeOffset now) =>
        Select(request, await found, now);

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
        return entry is null ? LookupResult.Missed(reason)
            : IsCurrent(request, entry) ? LookupResult.Found(entry)
            : LookupResult.Missed(ForwardReason.Purged);
    }
}
