using System.Collections.Concurrent;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Purging;

namespace CachingProxy.Core.Fetching;

/// <summary>
/// Starts fills, and finds fills that requests may join: at most one open fill for each <see cref="FillKey"/>. Safe for any number of
/// threads.
/// </summary>
/// <param name="invalidations">The log of purges.</param>
/// <param name="runner">Runs each fill.</param>
internal sealed class FillTable(InvalidationLog invalidations, FillRunner runner)
{
    private readonly ConcurrentDictionary<FillKey, Fill> _fills = new();
    private int _running;
    private int _waiting;

    /// <summary>The number of fills that have begun and not ended.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>The number of requests that wait for the head of another request's fetch now.</summary>
    public int WaitingRequests => Volatile.Read(ref _waiting);

    /// <summary>Waits for the head of the fill that <paramref name="place"/> belongs to, and counts the request while it waits.</summary>
    /// <returns>The outcome and its fill; both null if no head came in time.</returns>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public async ValueTask<(FillOutcome? Outcome, Fill? Source)> WaitAsync(
        Waiting place,
        TimeSpan timeout,
        TimeProvider time,
        CancellationToken clientGone
    )
    {
        Interlocked.Increment(ref _waiting);
        try
        {
            return await place.WaitAsync(timeout, time, clientGone);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>Returns the fill that is under way for a key and open to a request; null if there is none.</summary>
    public Fill? Find(CacheRequest request, FillKey key) => _fills.TryGetValue(key, out var fill) && IsOpenTo(request, fill) ? fill : null;

    /// <summary>
    /// Finds the fill that is under way for a key and open to a request, or begins one that others may join. Returns the fill, and true if
    /// it began for this request.
    /// </summary>
    public (Fill Fill, bool Began) FindOrBegin(CacheRequest request, FillKey key, Lazy<FillRequest> toFetch)
    {
        if (Find(request, key) is { } running)
        {
            return (running, false);
        }

        var fill = Prepare(toFetch.Value);
        var registered = _fills.AddOrUpdate(key, fill, (_, other) => IsOpenTo(request, other) ? other : Beside(other));
        if (registered != fill)
        {
            invalidations.End(fill.Position);
            return (registered, false);
        }

        Run(fill, key);
        return (fill, true);

        Fill Beside(Fill other)
        {
            if (other.IsOpen && IsCurrent(request, other))
            {
                fill.Follow(other);
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

    /// <summary>
    /// Begins a fill for a response already received. Only purges after <paramref name="position"/> count against the response.
    /// </summary>
    public Fill BeginAt(FillRequest request, LogPosition position)
    {
        invalidations.BeginAt(position);
        var fill = new Fill(request, position);
        Run(fill, null);
        return fill;
    }

    /// <summary>
    /// Returns true if the response of a fill may answer a request. No purge since the fill began may match the URI or, once the head is
    /// there, the tags. An overdue fill must have its head.
    /// </summary>
    public bool Answers(CacheRequest request, Fill fill) => (!fill.IsOverdue || fill.Head.IsCompleted) && IsCurrent(request, fill);

    private bool IsOpenTo(CacheRequest request, Fill fill) => fill.IsOpen && Answers(request, fill);

    private bool IsCurrent(CacheRequest request, Fill fill) => invalidations.IsCurrent(request.Key, fill.Tags, fill.Position);

    private Fill Prepare(FillRequest request)
    {
        var position = invalidations.Begin();
        return new Fill(
            // If the stored response was purged since the look-up, ask without a condition: a 304 must not bring that response back.
            request.Validating
                is { } validating
            && invalidations.Check(request.Key, validating.Tags, validating.Position, out _) == Validity.Gone
                ? request.Unconditional()
                : request,
            position
        );
    }

    private void Run(Fill fill, FillKey? key)
    {
        Interlocked.Increment(ref _running);
        _ = RunAsync(fill, key);
    }

    private async Task RunAsync(Fill fill, FillKey? key)
    {
        // Start the span in the context of this method alone: the caller keeps its own current span.
        fill.Span?.Start();
        // A fill belongs to no client: it must not run on the thread that serves the client's request.
        await Task.Yield();
        try
        {
            await runner.RunAsync(fill);
        }
        finally
        {
            if (key is { } registered)
            {
                _fills.TryRemove(KeyValuePair.Create(registered, fill));
            }

            invalidations.End(fill.Position);
            Interlocked.Decrement(ref _running);
        }
    }
}
