namespace CachingProxy.Access;

/// <summary>
/// Slows down clients that guess tokens. Requests with a wrong token are refused one after the other, ten a second. If too many wait
/// already, a further one is told at once to come back later (429). A request with the right token never waits, so that nobody is locked
/// out. Safe for any number of threads.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class WrongTokens(TimeProvider time)
{
    /// <summary>The largest number of wrong tokens that wait for their answers at one time.</summary>
    public const int MaxWaiting = 50;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private DateTimeOffset _lastTurn;

    /// <summary>Waits for the turn of one wrong token. Returns false at once if too many wait already.</summary>
    public async ValueTask<bool> WaitAsync(CancellationToken gone)
    {
        TimeSpan wait;
        lock (_lock)
        {
            var now = time.GetUtcNow();
            var turn = (_lastTurn > now ? _lastTurn : now) + Interval;
            wait = turn - now;
            if (wait > MaxWaiting * Interval && wait < 2 * MaxWaiting * Interval)
            {
                return false;
            }

            // A clock that was set back makes nobody wait longer.
            wait = wait > MaxWaiting * Interval ? Interval : wait;
            _lastTurn = now + wait;
        }

        await Task.Delay(wait, time, gone);
        return true;
    }
}
