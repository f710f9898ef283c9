using CachingProxy.Core.Fetching;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Storing;

namespace CachingProxy.Core.Purging;

/// <summary>Purges what is stored: because somebody asks for it, or because a request may have changed it (RFC 9111 §4.4).</summary>
internal sealed class Purger(ICacheStore store, InvalidationLog log, SearchVariances variances)
{
    /// <summary>Purges everything. When this returns, nothing fetched before is served any more.</summary>
    public async ValueTask PurgeAllAsync()
    {
        log.PurgeAll();
        await store.ClearAsync();
    }

    /// <summary>Purges one URI, on all faces and for all hosts and variants. Answers with the position of the purge.</summary>
    public async ValueTask<long> PurgeAsync(CacheKey uri)
    {
        var position = 0L;
        foreach (var key in variances.KeysOf(uri))
        {
            position = log.PurgeUrl(key);
            await store.RemoveAllAsync(key);
        }

        return position;
    }

    /// <summary>
    /// Purges what an answered request has changed. Answers with the position at which the response is the target's new state
    /// (RFC 9110 §9.3.3), if it may be that: whoever has purged or changed the target since the request was sent has seen to a
    /// later one.
    /// </summary>
    /// <param name="request">The request, whose method is unsafe.</param>
    /// <param name="response">The answer.</param>
    /// <param name="position">The position of the log when the request was sent.</param>
    public async ValueTask<long?> AfterUnsafeAsync(CacheRequest request, OriginResponse response, long position)
    {
        var isLatest = log.IsCurrent(request.Key, position);
        foreach (var invalidated in UnsafeMethods.Invalidated(request.Method, request.Key, response.Status, response.Fields))
        {
            var purged = await PurgeAsync(invalidated);
            position = invalidated == request.Key ? purged : position;
        }

        return isLatest && UnsafeMethods.MayLeaveResponse(request.Method, response.Status, response.Fields) ? position : null;
    }

    /// <summary>Purges the target of a request without an answer, which the origin may have acted on all the same.</summary>
    public async ValueTask AfterSilenceAsync(CacheRequest request)
    {
        if (UnsafeMethods.IsUnsafe(request.Method))
        {
            await PurgeAsync(request.Key);
        }
    }
}
