using CachingProxy.Core.Entries;
using CachingProxy.Core.Limits;
using CachingProxy.Core.Messages;

namespace CachingProxy.Core.Origins;

/// <summary>
/// The requests that wait for their turn with one origin, by priority and then in the order of their arrival. One task takes turns for all
/// of them while any wait. Safe for any number of threads.
/// </summary>
/// <param name="tryTake">Counts one more request to the origin, if it may be sent now.</param>
/// <param name="timeout">How long a request waits.</param>
/// <param name="time">The clock.</param>
internal sealed class OriginTurns(Func<ValueTask<RateDecision>> tryTake, TimeSpan timeout, TimeProvider time)
{
    private static readonly TimeSpan LeastWait = TimeSpan.FromMilliseconds(1);

    private readonly SteadyClock _clock = new(time);
    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource<bool>>[] _queues = [new(), new(), new()];
    private bool _isRunning;
    private long _nextTurnAt;

    /// <summary>The number of requests that wait now.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _queues.Sum(queue => queue.Count);
            }
        }
    }

    /// <summary>The time until the next turn, as far as the last refusal told; zero where it may be now.</summary>
    public TimeSpan NextTurn => TimeSpan.FromTicks(Math.Max(0, Volatile.Read(ref _nextTurnAt) - _clock.Now.UtcTicks));

    /// <summary>Notes that there is no turn for a time.</summary>
    public void OnRefused(TimeSpan wait) => Volatile.Write(ref _nextTurnAt, _clock.Now.UtcTicks + wait.Ticks);

    /// <summary>Waits for a turn. Returns false where none has come in time.</summary>
    /// <exception cref="OperationCanceledException">The caller has given up.</exception>
    public async ValueTask<bool> WaitAsync(FetchPriority priority, CancellationToken cancellation)
    {
        var turn = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            _queues[(int)priority].AddLast(turn);
            if (!_isRunning)
            {
                _isRunning = true;
                _ = RunAsync();
            }
        }

        try
        {
            return await turn.Task.WaitAsync(timeout, time, cancellation);
        }
        catch (Exception end) when (end is TimeoutException or OperationCanceledException)
        {
            lock (_lock)
            {
                _queues[(int)priority].Remove(turn);
            }

            // A turn that came at the last moment was counted, and is not wasted.
            if (turn.Task.IsCompletedSuccessfully)
            {
                return await turn.Task;
            }

            if (end is OperationCanceledException)
            {
                throw;
            }

            return false;
        }
    }

    private async Task RunAsync()
    {
        await Task.Yield();
        while (IsWaitedFor())
        {
            try
            {
                await TakeTurnAsync();
            }
            catch (Exception)
            {
                // A counter that fails must not keep anybody waiting: nobody gets a turn, and each says so to its client.
                GiveUp();
            }
        }
    }

    private async ValueTask TakeTurnAsync()
    {
        var decision = await tryTake();
        if (decision.IsPermitted)
        {
            Volatile.Write(ref _nextTurnAt, 0);
            GiveTurn();
            return;
        }

        OnRefused(decision.RetryAfter);
        if (decision.RetryAfter > timeout)
        {
            // Nobody who waits now would still wait then.
            GiveUp();
            return;
        }

        await Task.Delay(decision.RetryAfter > LeastWait ? decision.RetryAfter : LeastWait, time);
    }

    private void GiveUp()
    {
        lock (_lock)
        {
            foreach (var queue in _queues)
            {
                foreach (var turn in queue)
                {
                    turn.SetResult(false);
                }

                queue.Clear();
            }
        }
    }

    private bool IsWaitedFor()
    {
        lock (_lock)
        {
            _isRunning = Array.Exists(_queues, queue => queue.Count > 0);
            return _isRunning;
        }
    }

    // Nobody may be left who waits: the turn is lost then, which is one request fewer.
    private void GiveTurn()
    {
        lock (_lock)
        {
            foreach (var queue in _queues)
            {
                if (queue.First is { } first)
                {
                    queue.RemoveFirst();
                    first.Value.SetResult(true);
                    return;
                }
            }
        }
    }
}
