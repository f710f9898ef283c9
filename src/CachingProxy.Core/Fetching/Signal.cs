namespace CachingProxy.Core.Fetching;

/// <summary>
/// Wakes all waiters, each time it is raised. A waiter takes <see cref="Next"/> first and looks at the state afterwards, so that it misses
/// no signal raised in between. Safe for any number of threads. Allocates nothing while nobody waits.
/// </summary>
internal sealed class Signal
{
    private TaskCompletionSource? _next;

    /// <summary>The task that completes when the signal is raised the next time.</summary>
    public Task Next
    {
        get
        {
            var waiting = Volatile.Read(ref _next);
            if (waiting is null)
            {
                var created = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                waiting = Interlocked.CompareExchange(ref _next, created, null) ?? created;
            }

            return waiting.Task;
        }
    }

    public void Raise() => Interlocked.Exchange(ref _next, null)?.TrySetResult();
}
