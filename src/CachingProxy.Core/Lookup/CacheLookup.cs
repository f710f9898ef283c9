using CachingProxy.Core.Decisions;
using CachingProxy.Core.Purging;
using CachingProxy.Core.Storing;

namespace CachingProxy.Core.Lookup;

/// <summary>Finds what is stored for a request, and leaves out what was purged since it was fetched.</summary>
internal sealed class CacheLookup(ICacheStore store, InvalidationLog log)
{
    public ValueTask<LookupResult> FindAsync(CacheRequest request)
    {
        var found = store.FindAsync(request.StorageKey);
        return found.IsCompletedSuccessfully
            ? new ValueTask<LookupResult>(Select(request, found.GetAwaiter().GetResult()))
            : AwaitAsync(request, found);
    }

    private async ValueTask<LookupResult> AwaitAsync(CacheRequest request, ValueTask<IReadOnlyList<CacheEntry>> found) =>
        Select(request, await found);

    private LookupResult Select(CacheRequest request, IReadOnlyList<CacheEntry> candidates)
    {
        if (candidates.Count == 0)
        {
            return LookupResult.Missed(ForwardReason.UriMiss);
        }

        var (entry, reason) = VariantSelection.Select(request, candidates);
        return entry is null ? LookupResult.Missed(reason)
            : log.IsCurrent(request.Key, entry.Position) && log.IsCurrent(entry.Key, entry.Position) ? LookupResult.Found(entry)
            : LookupResult.Missed(ForwardReason.Purged);
    }
}
