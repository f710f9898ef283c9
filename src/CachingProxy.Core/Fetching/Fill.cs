using CachingProxy.Core.Entries;

namespace CachingProxy.Core.Fetching;

/// <summary>
/// One fetch from the origin that may serve many requests, as the waiting requests see it. A fill belongs to no client: <see
/// cref="FillRunner"/> runs it from its beginning to its end, and whoever wants its response waits for <see cref="Head"/> and reads the
/// growing body. Safe for any number of threads.
/// </summary>
/// <remarks>
/// <list type="number"> <item>Open: others may join. They count themselves in (<see cref="Wait"/>) before they look at the head.</item>
/// <item>Closed (<see cref="Close"/>): no further request may use the response, or its body is about to break off. Requests that are
/// counted in already still see the head; no new ones join.</item> <item>When a body stops being kept, its beginning is let go only after
/// every request that was counted in is done (<see cref="AllHaveLookedAsync"/>). Otherwise a request that has seen the head, but has not
/// opened its reader yet, would find the beginning gone.</item> <item>Overdue: somebody waited in vain. The next fill begins beside this
/// one and follows it (<see cref="Follow"/>); whichever head comes first is for all. While both are under way, no third begins, so that a
/// slow origin is not asked once more each time that somebody loses patience.</item> </list>
/// </remarks>
/// <param name="request">The request to the origin, and the kept part of the client's request.</param>
/// <param name="position">The position of the invalidation log when the fill began: a request after a later purge does not join.</param>
internal sealed class Fill(FillRequest request, LogPosition position)
{
    private readonly TaskCompletionSource<FillOutcome> _head = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Signal _looked = new();
    private int _waiting;
    private volatile bool _isClosed;
    private volatile bool _isWaitedForInVain;
    private volatile Fill? _earlier;

    /// <summary>The request to the origin, and the kept part of the client's request.</summary>
    public FillRequest Request => request;

    /// <summary>The position of the invalidation log when the fill began.</summary>
    public LogPosition Position => position;

    /// <summary>Ends with the outcome of the fetch when the head of the response is there. Never fails.</summary>
    public Task<FillOutcome> Head => _head.Task;

    /// <summary>Tells whether others may join.</summary>
    public bool IsOpen => !_isClosed;

    /// <summary>Tells whether somebody has waited for the head in vain, and no fill that began earlier is under way as well.</summary>
    public bool IsOverdue => _isWaitedForInVain && Earlier is null;

    /// <summary>The overdue fill that this one began beside, as long as that fill has no head; null otherwise.</summary>
    public Fill? Earlier => _earlier is { Head.IsCompleted: false } running ? running : null;

    /// <summary>The tags of the response, as soon as its head is there.</summary>
    public IReadOnlyList<string> Tags { get; private set; } = [];

    /// <summary>Counts in a request that waits for the head.</summary>
    /// <param name="maxWaiting">How many requests may wait; the returned place knows whether it is one too many.</param>
    public Waiting Wait(int maxWaiting) => new(this, Interlocked.Increment(ref _waiting) > maxWaiting);

    /// <summary>Begins beside a fill that is overdue.</summary>
    public void Follow(Fill earlier) => _earlier = earlier;

    /// <summary>Lets nobody else join.</summary>
    public void Close() => _isClosed = true;

    /// <summary>Tells the waiting requests the outcome of the fetch; once.</summary>
    /// <param name="outcome">The result.</param>
    /// <param name="tags">The tags of the response.</param>
    public void SetHead(FillOutcome outcome, IReadOnlyList<string> tags)
    {
        Tags = tags;
        _head.SetResult(outcome);
    }

    /// <summary>Tells the waiting requests that there is no response, unless they have an outcome already.</summary>
    public void Fail(FillOutcome.Failed outcome) => _head.TrySetResult(outcome);

    /// <summary>Returns this fill when its head is there, or the overdue one that it began beside, whichever is first.</summary>
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
    /// Gives up the place of the request that began the fill, because its client has gone before the head was there. If the response turns
    /// out not to be shared, the fetch is broken off; a shared response goes on.
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

    /// <summary>Notes that a request has waited in vain for the head.</summary>
    public void OnWaitedInVain() => _isWaitedForInVain = true;

    /// <summary>A request that was counted in has looked at the head, or waits no longer.</summary>
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
