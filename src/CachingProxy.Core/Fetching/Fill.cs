using System.Diagnostics;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Telemetry;

namespace CachingProxy.Core.Fetching;

/// <summary>
/// One fetch from the origin that may serve many requests, as the waiting requests see it. A fill belongs to no client: <see
/// cref="FillRunner"/> runs it from its beginning to its end. A request that wants its response waits for <see cref="Head"/> and reads the
/// growing body. Safe for any number of threads.
/// </summary>
/// <remarks>
/// <list type="number"> <item>Open: others may join. They count themselves in (<see cref="Wait"/>) before they look at the head.</item>
/// <item>Closed (<see cref="Close"/>): no further request may use the response, or its body is about to break off. Requests that were
/// counted in before still see the head; no new ones join.</item> <item>When a body stops being kept, its beginning is dropped only after
/// every request that was counted in has been counted out (<see cref="AllHaveLookedAsync"/>). A request that uses the body opens its reader
/// before it is counted out. Otherwise a request that has seen the head, but has not opened its reader yet, would find the beginning
/// gone.</item> <item>Overdue: a request's wait for the head has timed out. The next fill begins while this one runs on (<see
/// cref="Follow"/>). The requests of the next fill take whichever of the two heads comes first. While both wait for their heads, no third
/// fill begins, so that a slow origin is not asked again each time a wait times out.</item> </list>
/// </remarks>
/// <param name="request">The request to the origin, and the kept part of the client's request.</param>
/// <param name="position">The position of the invalidation log when the fill began: once a later purge matches the URI or the response, no
/// request joins.</param>
internal sealed class Fill(FillRequest request, LogPosition position)
{
    private readonly TaskCompletionSource<FillOutcome> _head = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Signal _looked = new();

    // The largest number of links that exporters send.
    private const int MaxLinks = 128;

    private int _links;
    private int _waiting;
    private volatile bool _isClosed;
    private volatile bool _isWaitedForInVain;
    private volatile Fill? _earlier;

    /// <summary>The request to the origin, and the kept part of the client's request.</summary>
    public FillRequest Request => request;

    /// <summary>The position of the invalidation log when the fill began.</summary>
    public LogPosition Position => position;

    /// <summary>The span of the fill, linked to every request that waits for it; null where nobody traces.</summary>
    public Activity? Span { get; } = Tracing.CreateFill(request.ToOrigin, request.Kind);

    /// <summary>
    /// The outcome of the fetch, once the head of the response is there or the fetch has failed. The task itself never fails.
    /// </summary>
    public Task<FillOutcome> Head => _head.Task;

    /// <summary>Why storing was given up after the head had been shared; null if storing was not given up.</summary>
    public NotStoredReason? GivenUp { get; set; }

    /// <summary>Tells whether others may join.</summary>
    public bool IsOpen => !_isClosed;

    /// <summary>True if a request's wait for the head has timed out, and <see cref="Earlier"/> is null.</summary>
    public bool IsOverdue => _isWaitedForInVain && Earlier is null;

    /// <summary>The overdue fill during which this fill began, as long as the overdue fill has no head; null otherwise.</summary>
    public Fill? Earlier => _earlier is { Head.IsCompleted: false } running ? running : null;

    /// <summary>The tags of the response, as soon as its head is there.</summary>
    public IReadOnlyList<string> Tags { get; private set; } = [];

    /// <summary>
    /// Tells whether a refresh was refused its turn with the origin. A request that somebody waits for may get one.
    /// </summary>
    public bool IsRefusedRefresh(FillOutcome outcome) =>
        request.ToOrigin.Priority == FetchPriority.Refresh && outcome is FillOutcome.Failed({ Error: OriginError.Limited });

    /// <summary>Counts in a request that waits for the head.</summary>
    /// <param name="maxWaiting">The number of requests that may wait. A request beyond that number gets a failure at once instead of
    /// waiting, unless the head is there already.</param>
    public Waiting Wait(int maxWaiting)
    {
        if (Span is not null && Activity.Current is { } waiting && Interlocked.Increment(ref _links) <= MaxLinks)
        {
            Span.AddLink(new ActivityLink(waiting.Context));
        }

        return new Waiting(this, Interlocked.Increment(ref _waiting) > maxWaiting);
    }

    /// <summary>Notes the overdue fill during which this fill begins.</summary>
    public void Follow(Fill earlier) => _earlier = earlier;

    /// <summary>Lets nobody else join.</summary>
    public void Close() => _isClosed = true;

    /// <summary>Gives the waiting requests the outcome of the fetch. May be called only once.</summary>
    /// <param name="outcome">The result.</param>
    /// <param name="tags">The tags of the response.</param>
    public void SetHead(FillOutcome outcome, IReadOnlyList<string> tags)
    {
        Tags = tags;
        _head.SetResult(outcome);
    }

    /// <summary>Tells the waiting requests that there is no response, unless they have an outcome already.</summary>
    public void Fail(FillOutcome.Failed outcome) => _head.TrySetResult(outcome);

    /// <summary>
    /// Waits for the head of this fill, or of the overdue fill during which this fill began. Returns the fill whose head comes first.
    /// </summary>
    public async Task<Fill> FirstAsync()
    {
        if (Earlier is { } earlier && await Task.WhenAny(Head, earlier.Head) == earlier.Head)
        {
            return earlier;
        }

        await Head;
        return this;
    }

    /// <summary>
    /// Gives up the place of the request that began the fill, for example because its client has gone. Breaks off the fetch if the response
    /// turns out not to be shared. A shared response goes on to its other readers and the store.
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

    /// <summary>Notes that a request's wait for the head has timed out.</summary>
    public void OnWaitedInVain() => _isWaitedForInVain = true;

    /// <summary>Counts out a request that has looked at the head, or waits no longer.</summary>
    public void OnWaitingEnds()
    {
        if (Interlocked.Decrement(ref _waiting) == 0)
        {
            _looked.Raise();
        }
    }

    /// <summary>Waits until everybody who is counted in has looked at the head.</summary>
    public async Task AllHaveLookedAsync()
    {
        while (true)
        {
            var looked = _looked.Next;
            if (Volatile.Read(ref _waiting) == 0)
            {
                return;
            }

            await looked;
        }
    }
}
