using CachingProxy.Core.Decisions;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Stores;

namespace CachingProxy.Core.Purging;

/// <summary>Purges what is stored: because somebody asks for it, or because a request may have changed it (RFC 9111 §4.4).</summary>
/// <param name="invalidations">The log with a position for each purge.</param>
/// <param name="sink">Removes the entries here.</param>
/// <param name="secondTier">Writes each purge down for others, and removes entries of its own; null where there is no second tier.</param>
internal sealed class Purger(InvalidationLog invalidations, PurgeSink sink, ISecondTier? secondTier)
{
    /// <summary>
    /// Purges. When this returns, no matching response that was fetched before is served any more, or, after a soft purge, as fresh.
    /// </summary>
    /// <returns>The position of the purge.</returns>
    /// <exception cref="PurgeNotPropagatedException">It holds here, and other nodes do not know yet.</exception>
    public async ValueTask<LogPosition> PurgeAsync(Purge purge)
    {
        var (position, failure) = await AppendAsync(purge);
        await sink.RemoveAsync(purge, position);
        if (secondTier is not null && purge is { Kind: PurgeKind.All, IsSoft: false })
        {
            await secondTier.ClearAsync();
        }

        return failure is null ? position : throw failure;
    }

    private async ValueTask<(LogPosition Position, PurgeNotPropagatedException? Failure)> AppendAsync(Purge purge)
    {
        if (secondTier is null)
        {
            return (invalidations.Append(purge), null);
        }

        try
        {
            var position = await secondTier.AppendAsync(purge);
            invalidations.Apply(purge, position);
            return (position, null);
        }
        catch (PurgeNotPropagatedException failure)
        {
            return (invalidations.Append(purge), failure);
        }
    }

    /// <summary>
    /// Purges what an answered request has changed. Returns the position at which the response is the target's new state (RFC 9110 §9.3.3).
    /// Returns null if the response cannot be that, or if the target was purged or changed after the request was sent.
    /// </summary>
    /// <param name="request">The request, whose method is unsafe.</param>
    /// <param name="response">The answer.</param>
    /// <param name="position">The position of the log when the request was sent.</param>
    public async ValueTask<LogPosition?> AfterUnsafeAsync(CacheRequest request, OriginResponse response, LogPosition position)
    {
        var isLatest = invalidations.IsCurrent(request.Key, [], position);
        foreach (var invalidated in UnsafeMethods.Invalidated(request, response.Status, response.Fields))
        {
            var purged = await PurgeQuietlyAsync(Purge.Url(invalidated));
            position = invalidated == request.Key ? purged : position;
        }

        foreach (var group in UnsafeMethods.InvalidatedGroups(request.Method, response.Status, response.Fields))
        {
            var purged = await PurgeQuietlyAsync(Purge.Tag(request.Key.Authority, group));
            position = isLatest ? purged : position;
        }

        return isLatest && UnsafeMethods.MayLeaveResponse(request.Method, response.Status, response.Fields) ? position : null;
    }

    /// <summary>Purges the target of a request without an answer, which the origin may have acted on all the same.</summary>
    public async ValueTask AfterSilenceAsync(CacheRequest request)
    {
        if (UnsafeMethods.IsUnsafe(request.Method))
        {
            await PurgeQuietlyAsync(Purge.Url(request.Key));
        }
    }

    // The client of an unsafe request has its answer, and need not know that other nodes learn of the purge later.
    private async ValueTask<LogPosition> PurgeQuietlyAsync(Purge purge)
    {
        try
        {
            return await PurgeAsync(purge);
        }
        catch (PurgeNotPropagatedException)
        {
            return invalidations.Position;
        }
    }
}
