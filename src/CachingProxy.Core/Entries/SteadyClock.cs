namespace CachingProxy.Core.Entries;

/// <summary>
/// Gives the time for comparisons within one process: the wall clock at the start plus the monotonic time since then. Thus a jump of the
/// wall clock makes no entry immortal, and makes no entry seem older than it is. Safe for any number of threads.
/// </summary>
public sealed class SteadyClock
{
    private readonly TimeProvider _time;
    private readonly DateTimeOffset _start;
    private readonly long _startTimestamp;

    /// <summary>Starts the clock at the wall time of <paramref name="time"/>.</summary>
    public SteadyClock(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
        _start = time.GetUtcNow();
        _startTimestamp = time.GetTimestamp();
    }

    /// <summary>The clock behind this one, for timers.</summary>
    internal TimeProvider Source => _time;

    /// <summary>The steady time, for ages, lifetimes and limits.</summary>
    public DateTimeOffset Now => _start + _time.GetElapsedTime(_startTimestamp);

    /// <summary>The wall clock, for comparison with dates that others wrote (<c>Date</c>, <c>Expires</c>).</summary>
    public DateTimeOffset WallNow => _time.GetUtcNow();
}
