using CachingProxy.Core.Decisions;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Purging;
using CachingProxy.Core.Stores;
using CachingProxy.Core.Storing;
using CachingProxy.Core.Telemetry;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Core.Fetching;

/// <summary>
/// Runs fills: fetches from the origin, stores the response, and tells the waiting requests. Safe for any number of threads.
/// </summary>
/// <param name="others">Finds responses that other fetches have stored.</param>
/// <param name="store">Where responses are stored.</param>
/// <param name="stored">Turns responses into entries.</param>
/// <param name="hitForMiss">Remembers the URIs whose requests do not wait for each other.</param>
/// <param name="growth">The room for bodies that are kept while they grow.</param>
/// <param name="invalidations">The log of purges.</param>
/// <param name="clock">The clock.</param>
/// <param name="logger">Logs the failures of our own code.</param>
/// <param name="failures">Logs the failures of the origin.</param>
/// <param name="events">Learns of every fill that has ended.</param>
internal sealed class FillRunner(
    SharedFetch others,
    ICacheStore store,
    StoringSteps stored,
    HitForMiss hitForMiss,
    GrowthBudget growth,
    InvalidationLog invalidations,
    SteadyClock clock,
    ILogger logger,
    FailureLog failures,
    CacheEvents events
)
{
    /// <summary>
    /// Fetches and stores the response of a fill. Never throws: every failure reaches the waiting requests or the readers of the body.
    /// </summary>
    public async Task RunAsync(Fill fill)
    {
        IAsyncDisposable? turn = null;
        var began = clock.Source.GetTimestamp();
        OriginException? failed = null;
        try
        {
            if (fill.Request.AcceptsStored)
            {
                (var found, turn) = await others.FindAsync(fill.Request);
                if (found is not null)
                {
                    End(fill, new FillOutcome.Found(found), found.Tags);
                    return;
                }
            }

            await FetchAsync(fill);
        }
        catch (OriginException failure)
        {
            failed = failure;
            failures.Add(fill.Request.ToOrigin, failure);
            fill.Close();
            fill.Fail(new FillOutcome.Failed(failure));
        }
        catch (Exception unexpected)
        {
            Log.FillBroke(logger, fill.Request.Key.Authority, unexpected);
            failed = new OriginException(OriginError.InvalidResponse, "The response could not be processed.", unexpected);
            fill.Close();
            fill.Fail(new FillOutcome.Failed(failed));
        }
        finally
        {
            await (turn?.DisposeAsync() ?? ValueTask.CompletedTask);
            await FillReport.SendAsync(events, fill, failed, clock.Source.GetElapsedTime(began));
        }
    }

    // Closes the fill before its head is set, so that no later request joins it.
    private static void End(Fill fill, FillOutcome outcome, IReadOnlyList<string> tags)
    {
        fill.Close();
        fill.SetHead(outcome, tags);
    }

    private async Task FetchAsync(Fill fill)
    {
        var request = fill.Request;
        var requestedAt = request.RequestedAt ?? clock.Now;
        var response = await request.SendAsync(fill.Span?.Id);
        if (request.Validating is { } validating && response.Status == 304)
        {
            await using (response)
            {
                if (
                    await stored.Revalidation.AfterNotModifiedAsync(request.Stored, validating, response, requestedAt, fill.Position) is
                    { } validated
                )
                {
                    EndValidated(fill, validated.Entry, validated.IsStored);
                    return;
                }
            }

            requestedAt = clock.Now;
            response = await request.Unconditional().SendAsync(fill.Span?.Id);
        }

        if (response.Status == 304)
        {
            await response.DisposeAsync();
            throw new OriginException(OriginError.InvalidResponse, "The origin answered 304 to a request without a condition.");
        }

        try
        {
            await ReceiveAsync(fill, response, requestedAt);
        }
        catch when (!fill.Head.IsCompleted)
        {
            // Nobody has received the response, so nobody else disposes of it.
            await response.DisposeAsync();
            throw;
        }
    }

    private void EndValidated(Fill fill, CacheEntry entry, bool isStored)
    {
        if (!ReuseRules.IsOfUseToOthers(fill.Request.Policy, entry, clock.Now))
        {
            RememberAsUnshareable(fill.Request);
        }

        if (!isStored)
        {
            // The entry is no longer in the store, or the 304 forbids storing it: it answers only the request that began the fill.
            fill.Close();
        }

        fill.SetHead(new FillOutcome.Validated(entry, isStored), entry.Tags);
    }

    private async Task ReceiveAsync(Fill fill, OriginResponse response, DateTimeOffset requestedAt)
    {
        var request = fill.Request;
        var isTooLarge = response.ContentLength is null && hitForMiss.IsTooLarge(request.Key, request.Partition, clock.Now);
        StorageDecision decision = (request.HasStandIn && StandInRules.IsError(request.Policy, response.Status), isTooLarge) switch
        {
            (true, _) => new StorageDecision.DoNotStore(NotStoredReason.ServerError),
            (_, true) => new StorageDecision.DoNotStore(NotStoredReason.TooLarge),
            _ => StorageRules.Decide(request.Policy, request.Key, request.Stored.Facts, response, clock.WallNow),
        };
        if (decision is not StorageDecision.Store(var freshness))
        {
            var reason = ((StorageDecision.DoNotStore)decision).Reason;
            // If the only reason against storing this response is that the last one was too large, do not extend the remembered time: after
            // that time, storing is tried again.
            if (NotStoredScope.IsForAll(reason, response.Status) && !isTooLarge)
            {
                RememberAsUnshareable(request);
            }

            await RemoveReplacedAsync(request, reason, response.Status, requestedAt);
            End(fill, new FillOutcome.Unshared(response, reason), []);
            return;
        }

        var entry = stored.Entries.Create(request.Stored, response, freshness, requestedAt, fill.Position);
        if (store.OpenWriter(entry, response.ContentLength) is not { } writer)
        {
            End(fill, new FillOutcome.Unshared(response, NotStoredReason.StoreTooSmall), []);
            return;
        }

        if (ReuseRules.IsOfUseToOthers(request.Policy, entry, clock.Now))
        {
            hitForMiss.Forget(request.Key, request.Partition);
        }
        else
        {
            RememberAsUnshareable(request);
        }

        await using (response)
        await using (writer)
        {
            var body = new GrowingBody(response.ContentLength, clock.Source, growth);
            fill.SetHead(
                new FillOutcome.Shared(entry, body, stored.Entries.FirstHandFields(request.Policy, response), body.OpenReader()!),
                entry.Tags
            );
            try
            {
                await ReceiveContentAsync(fill, response, body, writer);
            }
            catch (Exception failure)
            {
                // The body is about to break off: no request may join it, and the next request begins a new fill.
                fill.Close();
                body.Fail(
                    failure as OriginException ?? new OriginException(OriginError.Truncated, "The response could not be received.", failure)
                );
                throw;
            }
        }
    }

    private async Task ReceiveContentAsync(Fill fill, OriginResponse response, GrowingBody body, EntryWriter writer)
    {
        using var receiver = new BodyReceiver(fill.Request.Policy.MaxObjectBytes, growth, response, body, writer);
        var reception = await receiver.KeepAsync();
        if (reception != Reception.Whole)
        {
            fill.Close();
            if (reception == Reception.TooLarge)
            {
                RememberAsUnshareable(fill.Request, isTooLarge: true);
            }

            await fill.AllHaveLookedAsync();
            receiver.LetGo();
            reception = reception == Reception.LeftToTier ? await receiver.PassOnWhileStoredAsync() : reception;
        }

        if (reception == Reception.Whole)
        {
            await receiver.EnsureWholeAsync();
            await CompleteAsync(fill, body, writer);
            body.Complete(response.Trailers());
        }
        else
        {
            fill.GivenUp = reception == Reception.TooLarge ? NotStoredReason.TooLarge : NotStoredReason.NoRoom;
            await writer.DisposeAsync();
            await receiver.PassOnAsync();
        }
    }

    private async Task CompleteAsync(Fill fill, GrowingBody body, EntryWriter writer)
    {
        writer.Append(body.TakeRest());
        var entry = await writer.CompleteAsync();

        // A purge that came while the fill ran found nothing to remove. Remove the entry now: the record of that purge may be dropped when
        // the fill ends.
        if (invalidations.IsGone(fill.Request.Key, entry.SearchVariance, entry.Tags, fill.Position))
        {
            await store.RemoveAsync(entry);
        }
        else if (entry.Part is not null)
        {
            // Join the parts before the last bytes are handed out: a client that has the whole response must find it in the cache.
            await stored.Parts.CombineAsync(fill.Request.Stored, entry, fill.Position);
        }
    }

    // RFC 9111 §4.3.3: removes the stored responses that a full response replaces, even if the full response may not be stored.
    private async ValueTask RemoveReplacedAsync(FillRequest request, NotStoredReason reason, int status, DateTimeOffset requestedAt)
    {
        if (
            !request.MayReplace
            || !NotStoredScope.IsForAll(reason, status)
            || reason == NotStoredReason.Partial
            || NotStoredScope.IsAboutRequest(status)
        )
        {
            return;
        }

        foreach (var entry in await store.FindAsync(request.Key))
        {
            if (request.Stored.Selects(entry) && entry.ReceivedAt < requestedAt)
            {
                await store.RemoveAsync(entry);
            }
        }
    }

    private void RememberAsUnshareable(FillRequest request, bool isTooLarge = false)
    {
        if (request.Stored.Facts.Range is null && !request.HasStandIn && request.Policy.UncacheableTimeToLive > TimeSpan.Zero)
        {
            hitForMiss.Remember(request.Key, request.Partition, clock.Now, request.Policy.UncacheableTimeToLive, isTooLarge);
        }
    }
}
