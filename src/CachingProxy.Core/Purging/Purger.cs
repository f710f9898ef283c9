using CachingProxy.Core.Decisions;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Stores;
using CachingProxy.Core.Telemetry;

namespace CachingProxy.Core.Purging;

/// <summary>Purges stored responses, because somebody asks for that or because a request may have changed them (RFC 9111 §4.4).</summary>
/// <param name="invalidations">The log with a position for each purge.</param>
/// <param name="sink">Removes the entries on this node.</param>
/// <param name="events">Learns of every purge.</param>
/// <param name="secondTier">Records each purge for other nodes, and removes its own entries; null where there is no second tier.</param>
internal sealed class Purger(InvalidationLog invalidations, PurgeSink sink, CacheEvents events, ISecondTier? secondTier)
{
    /// <summary>
    /// Adds a purge to the log, and removes entries. When this method returns, no matching response that was fetched before is served any
    /// more; after a soft purge, none is served as fresh.
    /// </summary>
    /// <returns>The position of the purge.</returns>
    /// <exception cref="PurgeNotPropagatedException">The purge is in effect on this node, but has not reached other nodes yet.</exception>
    public async ValueTask<LogPosition> PurgeAsync(Purge purge)
    {
        var (position, failure) = await AppendAsync(purge);
        await sink.RemoveAsync(purge, position);
        if (secondTier is not null && purge is { Kind: PurgeKind.All, IsSoft: false })
        {
            await secondTier.ClearAsync();
        }

        events.Report(
            new PurgeEvent
            {
                Kind = Enum.GetName(purge.Kind)!.ToLowerInvariant(),
                IsSoft = purge.IsSoft,
                IsPropagated = failure is null,
            }
        );
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
    /// Purges the entries that an answered request may have changed. Returns the position from which the response is the target's new state
    /// (RFC 9110 §9.3.3). Returns null if the response cannot be the new state, or if the target was purged or changed after the request
    /// was sent.
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

    /// <summary>Purges the target of an unsafe request that got no answer: the origin may have acted on the request all the same.</summary>
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
