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
/// <param name="others">What other fetches have brought.</param>
/// <param name="store">Where responses are stored.</param>
/// <param name="stored">Makes of responses what is stored.</param>
/// <param name="hitForMiss">What nobody need wait for.</param>
/// <param name="growth">The room for bodies that are kept while they grow.</param>
/// <param name="invalidations">What was purged.</param>
/// <param name="clock">The clock.</param>
/// <param name="logger">Learns of what broke in our own code.</param>
/// <param name="failures">Learns of the origin's failures.</param>
internal sealed class FillRunner(
    SharedFetch others,
    ICacheStore store,
    StoringSteps stored,
    HitForMiss hitForMiss,
    GrowthBudget growth,
    InvalidationLog invalidations,
    SteadyClock clock,
    ILogger logger,
    FailureLog failures
)
{
    // RFC 5861 §4.
    private static readonly int[] ServerErrors = [500, 502, 503, 504];

    /// <summary>Fetches, stores, and ends. Never throws: every failure reaches those who wait.</summary>
    public async Task RunAsync(Fill fill)
    {
        IAsyncDisposable? turn = null;
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
            failures.Add(fill.Request.ToOrigin, failure);
            fill.Close();
            fill.Fail(new FillOutcome.Failed(failure));
        }
        catch (Exception unexpected)
        {
            Log.FillBroke(logger, fill.Request.Key.Authority, unexpected);
            fill.Close();
            fill.Fail(
                new FillOutcome.Failed(new OriginException(OriginError.InvalidResponse, "The response could not be processed.", unexpected))
            );
        }
        finally
        {
            await (turn?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }

    // A fill that ends with its head closes first: no later request may join it.
    private static void End(Fill fill, FillOutcome outcome, IReadOnlyList<string> tags)
    {
        fill.Close();
        fill.SetHead(outcome, tags);
    }

    private static ValueTask<OriginResponse> SendAsync(FillRequest asked) => asked.Origin.SendAsync(asked.ToOrigin, CancellationToken.None);

    private async Task FetchAsync(Fill fill)
    {
        var request = fill.Request;
        var requestedAt = request.RequestedAt ?? clock.Now;
        var response = await SendAsync(request);
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
            response = await SendAsync(request.Unconditional());
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
            // Nobody else has it.
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
            // Not stored, because it was purged in between or the 304 forbids it: the entry answers only the one request that asked.
            fill.Close();
        }

        fill.SetHead(new FillOutcome.Validated(entry, isStored), entry.Tags);
    }

    private async Task ReceiveAsync(Fill fill, OriginResponse response, DateTimeOffset requestedAt)
    {
        var request = fill.Request;
        var isTooLarge = response.ContentLength is null && hitForMiss.IsTooLarge(request.Key, request.Partition, clock.Now);
        StorageDecision decision = (request.HasStandIn && ServerErrors.Contains(response.Status), isTooLarge) switch
        {
            (true, _) => new StorageDecision.DoNotStore(NotStoredReason.ServerError),
            (_, true) => new StorageDecision.DoNotStore(NotStoredReason.TooLarge),
            _ => StorageRules.Decide(request.Policy, request.Key, request.Stored.Facts, response, clock.WallNow),
        };
        if (decision is not StorageDecision.Store(var freshness))
        {
            var reason = ((StorageDecision.DoNotStore)decision).Reason;
            // A response left unstored because the last one was too large says nothing new: storing is tried again after the remembered
            // time.
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
                // No request may join a body that is about to break: the next one begins anew.
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
            await writer.DisposeAsync();
            await receiver.PassOnAsync();
        }
    }

    private async Task CompleteAsync(Fill fill, GrowingBody body, EntryWriter writer)
    {
        writer.Append(body.TakeRest());
        var entry = await writer.CompleteAsync();

        // A purge since the beginning of the fill found nothing to remove. The entry must not outlive the record of that purge.
        if (invalidations.IsGone(fill.Request.Key, entry.SearchVariance, entry.Tags, fill.Position))
        {
            await store.RemoveAsync(entry);
        }
        else if (entry.Part is not null)
        {
            // Before the last bytes are handed out: whoever has the whole response finds it in the cache.
            await stored.Parts.CombineAsync(fill.Request.Stored, entry, fill.Position);
        }
    }

    // RFC 9111 §4.3.3: a full response makes the stored responses for the request useless, even if it may not be stored in their place.
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
