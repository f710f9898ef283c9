using CachingProxy.Core.Decisions;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Telemetry;

namespace CachingProxy.Core.Fetching;

/// <summary>
/// One fetch from the origin that may serve many. It belongs to no client: it runs by itself from its beginning to its
/// end, and whoever wants its response awaits <see cref="Head"/> and reads the growing body.
/// </summary>
internal sealed class Fill(FillRequest request, LogPosition position)
{
    // RFC 5861 §4.
    private static readonly int[] ServerErrors = [500, 502, 503, 504];

    private readonly TaskCompletionSource<FillOutcome> _head = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Signal _joined = new();
    private int _joining;
    private volatile bool _isWaitedForInVain;
    private volatile Fill? _earlier;

    /// <summary>What has become of the fetch when the head of the response is there. Never fails.</summary>
    public Task<FillOutcome> Head => _head.Task;

    /// <summary>The position of the invalidation log when it began: a request after a later purge does not join.</summary>
    public LogPosition Position => position;

    /// <summary>
    /// Tells whether somebody has waited for the head in vain: the next to come begin anew, and together. While one that began earlier is under way as well,
    /// no third begins, so that a slow origin is not asked once more each time that somebody has lost patience.
    /// </summary>
    public bool IsOverdue => _isWaitedForInVain && Earlier is null;

    /// <summary>The overdue fill that this one began beside, while that has no head either: whichever head comes first is for all who wait.</summary>
    public Fill? Earlier => _earlier is { Head.IsCompleted: false } running ? running : null;

    /// <summary>The tags of the response, as soon as its head is there.</summary>
    public IReadOnlyList<string> Tags { get; private set; } = [];

    /// <summary>
    /// What a request that waited makes of what has become of the fetch, or of the earlier one. Both are null where the head is not there in time; where too
    /// many wait already, the outcome is a failure of its own.
    /// </summary>
    /// <param name="limits">How many may wait, and for how long.</param>
    /// <param name="time">The clock.</param>
    /// <param name="answer">Decides whether the response of a fill is for this request, and takes a place in its content.</param>
    /// <param name="clientGone">Gives up.</param>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public async ValueTask<(FillOutcome? Outcome, CacheResult? Answer)> JoinAsync(
        WaitLimits limits, TimeProvider time, Func<FillOutcome, Fill, CacheResult?> answer, CancellationToken clientGone)
    {
        var first = this;
        try
        {
            var outcome = Interlocked.Increment(ref _joining) > limits.MaxWaiters && !Head.IsCompleted
                ? new FillOutcome.Failed(new OriginException(OriginError.Overloaded, "Too many requests wait for this response already.") { RetryAfter = TimeSpan.FromSeconds(1) })
                : await (first = await FirstAsync().WaitAsync(limits.Timeout, time, clientGone)).Head;
            return (outcome, answer(outcome, first));
        }
        catch (TimeoutException)
        {
            _isWaitedForInVain = true;
            return default;
        }
        finally
        {
            if (Interlocked.Decrement(ref _joining) == 0)
            {
                _joined.Raise();
            }
        }
    }

    /// <summary>Begins beside one that is overdue.</summary>
    public void Follow(Fill earlier) => _earlier = earlier;

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
        IAsyncDisposable? lease = null;
        try
        {
            if (request.AcceptsStored && await new OtherFetches(request, tools).FindAsync(taken => lease = taken) is { } found)
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
                    if (await tools.Freshener.AfterNotModifiedAsync(request.Stored, validating, response, requestedAt, position) is { } validated)
                    {
                        EndValidated(tools, new FillOutcome.Validated(validated.Entry, validated.IsStored), onUnshared);
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

            try
            {
                await ReceiveAsync(tools, response, requestedAt, onUnshared);
            }
            catch when (!Head.IsCompleted)
            {
                // Nobody else has it.
                await response.DisposeAsync();
                throw;
            }
        }
        catch (OriginException failure)
        {
            tools.Failures.Add(request.ToOrigin, failure);
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
        finally
        {
            await (lease?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }

    private async Task<Fill> FirstAsync()
    {
        if (Earlier is { } earlier && await Task.WhenAny(Head, earlier.Head) == earlier.Head)
        {
            return earlier;
        }

        await Head;
        return this;
    }

    private static ValueTask<OriginResponse> SendAsync(FillRequest asked) => asked.Origin.SendAsync(asked.ToOrigin, CancellationToken.None);

    private void EndValidated(FillTools tools, FillOutcome.Validated validated, Action onUnshared)
    {
        // Purged in between, or forbidden by the 304 itself: it answers the one request that asked, and no other.
        if (!validated.IsStored)
        {
            onUnshared();
        }

        if (!ReuseRules.IsOfUseToOthers(request.Policy, validated.Entry, tools.Clock.Now))
        {
            RememberAsUnshareable(tools);
        }

        Tags = validated.Entry.Tags;
        _head.SetResult(validated);
    }

    private async Task ReceiveAsync(FillTools tools, OriginResponse response, DateTimeOffset requestedAt, Action onUnshared)
    {
        var isTooLarge = response.ContentLength is null && tools.Unshareables.IsTooLarge(request.Key, request.Partition, tools.Clock.Now);
        var decision = request.HasStandIn && ServerErrors.Contains(response.Status)
            ? new StorageDecision.DoNotStore(NotStoredReason.ServerError)
            : isTooLarge ? new StorageDecision.DoNotStore(NotStoredReason.TooLarge)
            : StorageRules.Decide(request.Policy, request.Key, request.Stored.Facts, response, tools.Clock.WallNow);
        if (decision is not StorageDecision.Store(var freshness))
        {
            var reason = ((StorageDecision.DoNotStore)decision).Reason;
            // What is not stored because the last one was too large says nothing new: after the time it is tried again.
            if (IsForAll(reason, response.Status) && !isTooLarge)
            {
                RememberAsUnshareable(tools);
            }

            await RemoveReplacedAsync(tools, reason, response.Status, requestedAt);
            onUnshared();
            _head.SetResult(new FillOutcome.Unshared(response, reason));
            return;
        }

        var entry = tools.Entries.Create(request.Stored, response, freshness, requestedAt, position);
        if (tools.Store.OpenWriter(entry, response.ContentLength) is not { } writer)
        {
            onUnshared();
            _head.SetResult(new FillOutcome.Unshared(response, NotStoredReason.StoreTooSmall));
            return;
        }

        if (ReuseRules.IsOfUseToOthers(request.Policy, entry, tools.Clock.Now))
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
            Tags = entry.Tags;
            _head.SetResult(new FillOutcome.Shared(
                entry, body, tools.Entries.FirstHandFields(request.Policy, response), body.OpenReader()!));
            try
            {
                await new BodyReceiver(request, tools, position, response, body, writer).ReceiveAsync(onGivenUp: async isTooLarge =>
                {
                    onUnshared();
                    if (isTooLarge)
                    {
                        RememberAsUnshareable(tools, isTooLarge: true);
                    }

                    await AllHaveJoinedAsync();
                });
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

    // RFC 9111 §4.3.3: a full response shows that what is stored for the request is of no use any more, also where it may not be stored in its place.
    private async ValueTask RemoveReplacedAsync(FillTools tools, NotStoredReason reason, int status, DateTimeOffset requestedAt)
    {
        if (!request.MayReplace || !IsForAll(reason, status) || reason == NotStoredReason.Partial || IsAboutRequest(status))
        {
            return;
        }

        foreach (var stored in await tools.Store.FindAsync(request.Key))
        {
            if (request.Stored.Selects(stored) && stored.ReceivedAt < requestedAt)
            {
                await tools.Store.RemoveAsync(stored);
            }
        }
    }

    // What is wrong with one request, or at one moment, says nothing of what others would get.
    private static bool IsAboutRequest(int status) => status is 400 or 401 or 402 or 403 or 406 or 407 or 408 or 411 or 412 or 413 or 415 or 416 or 417 or 421 or 422 or 423 or 425 or 426 or 428 or 429 or 431 or >= 500;

    // What one request asks for, or one moment brings, says nothing of what others will get.
    private static bool IsForAll(NotStoredReason reason, int status) => reason is not (
        NotStoredReason.Authorization or NotStoredReason.RequestNoStore or NotStoredReason.RequestCookie or NotStoredReason.RequestCredentials or NotStoredReason.Method or NotStoredReason.ServerError)
        && !(reason == NotStoredReason.Status && status >= 500);

    private void RememberAsUnshareable(FillTools tools, bool isTooLarge = false)
    {
        if (request.Stored.Facts.Range is null && !request.HasStandIn && request.Policy.UncacheableTimeToLive > TimeSpan.Zero)
        {
            tools.Unshareables.Remember(
                request.Key, request.Partition, tools.Clock.Now + request.Policy.UncacheableTimeToLive, isTooLarge);
        }
    }

    // Who waited for the head may not have got round to it yet; without the beginning they would have to fetch it all themselves.
    private async Task AllHaveJoinedAsync()
    {
        while (true)
        {
            var joined = _joined.Next;
            if (Volatile.Read(ref _joining) == 0)
            {
                return;
            }

            await joined;
        }
    }
}
