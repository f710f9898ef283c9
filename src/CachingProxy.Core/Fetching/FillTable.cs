using System.Collections.Concurrent;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Purging;

namespace CachingProxy.Core.Fetching;

/// <summary>Who is fetching what: at most one fill that may be joined for each place.</summary>
internal sealed class FillTable(FillTools tools)
{
    private readonly ConcurrentDictionary<FillPlace, Fill> _fills = new();
    private int _running;

    /// <summary>How many fills have begun and not ended.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>
    /// The fill that is under way for a place, or one that begins now and that others may join. Answers with the fill, and whether it
    /// began for this request.
    /// </summary>
    public (Fill Fill, bool Began) JoinOrBegin(CacheRequest request, FillPlace place, Func<FillRequest> toBegin)
    {
        if (Find(request, place) is { } running)
        {
            return (running, false);
        }

        var fill = Prepare(toBegin());
        var registered = _fills.AddOrUpdate(place, fill, (_, other) => IsJoinable(request, other) ? other : Beside(other));
        if (registered != fill)
        {
            tools.Log.End(fill.Position);
            return (registered, false);
        }

        Run(fill, place);
        return (fill, true);

        Fill Beside(Fill overdue)
        {
            if (IsCurrent(request, overdue))
            {
                fill.Follow(overdue);
            }

            return fill;
        }
    }

    /// <summary>Begins a fill for one request alone; its response is stored like any other.</summary>
    public Fill Begin(FillRequest request)
    {
        var fill = Prepare(request);
        Run(fill, null);
        return fill;
    }

    /// <summary>The same for a response that was asked for when a position of the invalidation log was current.</summary>
    public Fill BeginAt(FillRequest request, LogPosition position)
    {
        tools.Log.BeginAt(position);
        var fill = new Fill(request, position);
        Run(fill, null);
        return fill;
    }

    /// <summary>Begins a fill that nobody waits for, unless one is under way for its place.</summary>
    public void BeginDetached(CacheRequest request, FillPlace place, Func<FillRequest> toBegin)
    {
        if (Find(request, place) is null && JoinOrBegin(request, place, toBegin) is (var fill, true))
        {
            _ = fill.AbandonAsync();
        }
    }

    /// <summary>The fill that is under way for a place; null where there is none. A request after a purge does not join one from before it.</summary>
    public Fill? Find(CacheRequest request, FillPlace place) =>
        _fills.TryGetValue(place, out var fill) && IsJoinable(request, fill) ? fill : null;

    /// <summary>
    /// Whether a fill is not too slow to be waited for, and nothing that matches was purged since it began, its tags included as soon as
    /// they are known.
    /// </summary>
    public bool IsJoinable(CacheRequest request, Fill fill) => (!fill.IsOverdue || fill.Head.IsCompleted) && IsCurrent(request, fill);

    private bool IsCurrent(CacheRequest request, Fill fill) => tools.Log.IsCurrent(request.Key, fill.Tags, fill.Position);

    private Fill Prepare(FillRequest request)
    {
        var position = tools.Log.Begin();
        return new Fill(
            // Purged since it was looked up: a 304 must not bring it back.
            request.Validating is { } validating && tools.Log.Check(request.Key, validating.Tags, validating.Position, out _) == Validity.Gone ? request.Unconditional() : request,
            position);
    }

    private void Run(Fill fill, FillPlace? place)
    {
        Interlocked.Increment(ref _running);
        _ = RunAsync(fill, place);
    }

    private async Task RunAsync(Fill fill, FillPlace? place)
    {
        // A fill belongs to no client: not to its context, nor to the thread that it came on.
        await Task.Yield();
        try
        {
            await fill.RunAsync(tools, onUnshared: Unregister);
        }
        finally
        {
            Unregister();
            tools.Log.End(fill.Position);
            Interlocked.Decrement(ref _running);
        }

        void Unregister()
        {
            if (place is { } registered)
            {
                _fills.TryRemove(KeyValuePair.Create(registered, fill));
            }
        }
    }
}
