namespace CachingProxy.Telemetry;

/// <summary>
/// Measures how long work waits for a thread: a timer that comes late was held up by whatever blocks the threads. Safe for any number of
/// threads.
/// </summary>
internal sealed class ThreadWatch : IDisposable
{
    /// <summary>The lateness that counts as a stall.</summary>
    public static readonly TimeSpan Stall = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private long _expectedSince;
    private long _stalls;

    /// <summary>Begins to watch.</summary>
    public ThreadWatch(TimeProvider time)
    {
        _time = time;
        _expectedSince = time.GetTimestamp();
        _timer = time.CreateTimer(static watch => ((ThreadWatch)watch!).Look(), this, Interval, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The number of stalls so far.</summary>
    public long Stalls => Volatile.Read(ref _stalls);

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        if (_time.GetElapsedTime(_expectedSince) - Interval >= Stall)
        {
            Interlocked.Increment(ref _stalls);
        }

        _expectedSince = _time.GetTimestamp();
        _timer.Change(Interval, Timeout.InfiniteTimeSpan);
    }
}
