using CachingProxy.Core.Decisions;
using CachingProxy.Core.Storing;
using CachingProxy.Core.Telemetry;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Core.Fetching;

/// <summary>
/// One fetch from the origin that may serve many. It belongs to no client: it runs by itself from its beginning to its
/// end, and whoever wants its response awaits <see cref="Head"/> and reads the growing body.
/// </summary>
internal sealed class Fill(FillRequest request, long position)
{
    private static readonly Memory<byte> Beyond = new byte[1];

    // A fetch that goes on for nobody has an end.
    private static readonly TimeSpan UnreadLimit = TimeSpan.FromSeconds(60);

    // RFC 5861 §4.
    private static readonly int[] ServerErrors = [500, 502, 503, 504];

    private readonly TaskCompletionSource<FillOutcome> _head = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _waiting;

    /// <summary>What has become of the fetch when the head of the response is there. Never fails.</summary>
    public Task<FillOutcome> Head => _head.Task;

    /// <summary>The position of the invalidation log when it began: a request after a later purge does not join.</summary>
    public long Position => position;

    /// <summary>
    /// What has become of the fetch, for a request that another's fill may serve; null where the head is not there in time, and a
    /// failure of its own where too many wait already.
    /// </summary>
    /// <param name="limits">How many may wait, and for how long.</param>
    /// <param name="time">The clock.</param>
    /// <param name="clientGone">Gives up.</param>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public async ValueTask<FillOutcome?> WaitAsync(WaitLimits limits, TimeProvider time, CancellationToken clientGone)
    {
        if (Head.IsCompleted)
        {
            return await Head;
        }

        try
        {
            return Interlocked.Increment(ref _waiting) > limits.MaxWaiters
                ? new FillOutcome.Failed(new OriginException(OriginError.Overloaded, "Too many requests wait for this response already.") { RetryAfter = TimeSpan.FromSeconds(1) })
                : await Head.WaitAsync(limits.Timeout, time, clientGone);
        }
        catch (TimeoutException)
        {
            return null;
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>
    /// The client that began the fill has gone before the head was there. What turns out not to be shared is then for
    /// nobody, and the fetch is broken off; what is shared goes on.
    /// </summary>
    public async Task AbandonAsync()
    {
        switch (await Head)
        {
            case FillOutcome.Shared shared:
                await shared.FirstReader.DisposeAsync();
                break;
            case FillOutcome.Unshared unshared:
                await unshared.Response.DisposeAsync();
                break;
        }
    }

    /// <summary>Fetches, stores, and ends. Never throws: every failure reaches those who wait.</summary>
    /// <param name="tools">The origin's neighbours: store, clock, log.</param>
    /// <param name="onUnshared">Called before anybody learns that the response is not shared: from then on nobody should join.</param>
    public async Task RunAsync(FillTools tools, Action onUnshared)
    {
        try
        {
            if (request.AcceptsStored && await FindAsync(tools) is { } found)
            {
                onUnshared();
                _head.SetResult(new FillOutcome.Found(found));
                return;
            }

            var requestedAt = request.RequestedAt ?? tools.Clock.Now;
            var response = await SendAsync(request);
            if (request.Validating is { } validating && response.Status == 304)
            {
                await using (response)
                {
                    if (await tools.Freshener.AfterNotModifiedAsync(request, validating, response, requestedAt, position) is { } validated)
                    {
                        EndValidated(tools, validated, onUnshared);
                        return;
                    }
                }

                requestedAt = tools.Clock.Now;
                response = await SendAsync(request.Unconditional());
            }

            if (response.Status == 304)
            {
                await response.DisposeAsync();
                throw new OriginException(OriginError.InvalidResponse, "The origin answered 304 to a request without a condition.");
            }

            await ReceiveAsync(tools, response, requestedAt, onUnshared);
        }
        catch (OriginException failure)
        {
            // What was not even sent is told once, where it was decided.
            Log.FetchFailed(
                tools.Logger, failure.Error is OriginError.HeldDown or OriginError.Overloaded ? LogLevel.Debug : LogLevel.Warning,
                request.Key.Authority, failure.Error, failure.Message, failure.InnerException?.Message);
            onUnshared();
            _head.TrySetResult(new FillOutcome.Failed(failure));
        }
        catch (Exception unexpected)
        {
            Log.FillBroke(tools.Logger, request.Key.Authority, unexpected);
            onUnshared();
            _head.TrySetResult(new FillOutcome.Failed(
                new OriginException(OriginError.InvalidResponse, "The response could not be processed.", unexpected)));
        }
    }

    // Between the look at what is stored and the look at what is under way, another fetch may have ended.
    private async ValueTask<CacheEntry?> FindAsync(FillTools tools)
    {
        var now = tools.Clock.Now;
        foreach (var stored in await tools.Store.FindAsync(request.Key))
        {
            if (request.IsAnsweredBy(stored) && tools.Log.IsCurrent(request.Key, stored.Position)
                && ReuseRules.IsFresh(request.Face.Policy, request.Facts.Directives, stored, now))
            {
                return stored;
            }
        }

        return null;
    }

    private static ValueTask<OriginResponse> SendAsync(FillRequest asked) => asked.Face.Origin.SendAsync(asked.ToOrigin, CancellationToken.None);

    private void EndValidated(FillTools tools, FillOutcome.Validated validated, Action onUnshared)
    {
        // Purged in between, or forbidden by the 304 itself: it answers the one request that asked, and no other.
        if (!validated.IsStored)
        {
            onUnshared();
        }

        if (!ReuseRules.IsOfUseToOthers(request.Face.Policy, validated.Entry, tools.Clock.Now))
        {
            RememberAsUnshareable(tools);
        }

        _head.SetResult(validated);
    }

    private async Task ReceiveAsync(FillTools tools, OriginResponse response, DateTimeOffset requestedAt, Action onUnshared)
    {
        var decision = request.HasStandIn && ServerErrors.Contains(response.Status)
            ? new StorageDecision.DoNotStore(NotStoredReason.ServerError)
            : StorageRules.Decide(request.Face.Policy, request.Key, request.Facts, response, tools.Clock.WallNow);
        if (decision is not StorageDecision.Store(var freshness))
        {
            var reason = ((StorageDecision.DoNotStore)decision).Reason;
            if (IsForAll(reason, response.Status))
            {
                RememberAsUnshareable(tools);
            }

            onUnshared();
            _head.SetResult(new FillOutcome.Unshared(response, reason));
            return;
        }

        var entry = tools.Entries.Create(request, response, freshness, requestedAt, position);
        if (tools.Store.OpenWriter(entry, response.ContentLength) is not { } writer)
        {
            onUnshared();
            _head.SetResult(new FillOutcome.Unshared(response, NotStoredReason.StoreTooSmall));
            return;
        }

        if (ReuseRules.IsOfUseToOthers(request.Face.Policy, entry, tools.Clock.Now))
        {
            tools.Unshareables.Forget(request.Key, request.Partition);
        }
        else
        {
            RememberAsUnshareable(tools);
        }

        await using (response)
        await using (writer)
        {
            var body = new GrowingBody(response.ContentLength, tools.Clock.Source, tools.Growth);
            _head.SetResult(new FillOutcome.Shared(
                entry, body, tools.Entries.FirstHandFields(request.Face.Policy, response), body.OpenReader()!));
            try
            {
                await KeepAsync(tools, response, body, writer, onUnshared);
            }
            catch (Exception failure)
            {
                // Nobody joins what is about to break: the next request begins anew.
                onUnshared();
                body.Fail(failure as OriginException
                    ?? new OriginException(OriginError.Truncated, "The response could not be received.", failure));
                throw;
            }
        }
    }

    // What one request asks for, or one moment brings, says nothing of what others will get.
    private static bool IsForAll(NotStoredReason reason, int status) => reason is not (
        NotStoredReason.Authorization or NotStoredReason.RequestNoStore or NotStoredReason.RequestCookie or NotStoredReason.Method or NotStoredReason.ServerError)
        && !(reason == NotStoredReason.Status && status >= 500);

    private void RememberAsUnshareable(FillTools tools)
    {
        if (!request.Facts.HasRange && !request.HasStandIn && request.Face.Policy.UncacheableTimeToLive > TimeSpan.Zero)
        {
            tools.Unshareables.Remember(request.Key, request.Partition, tools.Clock.Now + request.Face.Policy.UncacheableTimeToLive);
        }
    }

    private async Task KeepAsync(FillTools tools, OriginResponse response, GrowingBody body, EntryWriter writer, Action onUnshared)
    {
        var taken = 0L;
        try
        {
            while (body.Length != body.AnnouncedLength && await response.Body.ReadAsync(body.GetMemory(), CancellationToken.None) is var read and > 0)
            {
                writer.Append(body.Advance(read));
                taken += tools.Growth.TryTake(read) ? read : 0;
                if (body.Length > request.Face.Policy.MaxObjectBytes || taken < body.Length)
                {
                    onUnshared();
                    body.StopKeeping();
                    await writer.DisposeAsync();
                    await PassOnAsync(response, body);
                    return;
                }

                if (body.IsUnreadFor(UnreadLimit))
                {
                    throw new OriginException(OriginError.Truncated, "Nobody has read the response for too long.");
                }

                // The last bytes wait until the entry is stored: whoever has the whole response finds it there.
                if (body.Length != body.AnnouncedLength)
                {
                    body.Publish();
                }
            }

            await StoreAsync(tools, response, body, writer);
        }
        finally
        {
            tools.Growth.Release(taken);
        }
    }

    private async Task StoreAsync(FillTools tools, OriginResponse response, GrowingBody body, EntryWriter writer)
    {
        await EnsureWholeAsync(response, body);
        writer.Append(body.TakeRest());
        var stored = await writer.CompleteAsync();

        // A purge between our beginning and now has found nothing to remove; the entry must not outlive its record.
        if (!tools.Log.IsCurrent(request.Key, stored.SearchVariance, position))
        {
            await tools.Store.RemoveAsync(stored);
        }
        else if (stored.Part is not null)
        {
            await tools.Parts.CombineAsync(request, stored, position);
        }

        body.Complete(response.Trailers());
    }

    private static async ValueTask EnsureWholeAsync(OriginResponse response, GrowingBody body)
    {
        if (body.AnnouncedLength is not { } announced)
        {
            return;
        }

        if (body.Length < announced)
        {
            throw new OriginException(OriginError.Truncated, "The origin's response ended before it was whole.");
        }

        if (await response.Body.ReadAsync(Beyond, CancellationToken.None) > 0)
        {
            throw new OriginException(OriginError.InvalidResponse, "The origin sent more than it had announced.");
        }
    }

    // Too large to be stored: those who read go on, at the pace of the slowest; without them there is nothing to do.
    private static async Task PassOnAsync(OriginResponse response, GrowingBody body)
    {
        body.Publish();
        while (await body.WaitForReadersAsync(CancellationToken.None))
        {
            var read = await response.Body.ReadAsync(body.GetMemory(), CancellationToken.None);
            if (read == 0)
            {
                body.Complete(response.Trailers());
                return;
            }

            body.Advance(read);
            body.Publish();
        }

        body.Fail(new OriginException(OriginError.Truncated, "Nobody read the response any more."));
    }
}
