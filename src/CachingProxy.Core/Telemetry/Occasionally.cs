namespace CachingProxy.Core.Telemetry;

/// <summary>Limits how often something that happens all the time is told. Safe for any number of threads.</summary>
/// <param name="interval">The least time between one telling and the next.</param>
/// <param name="time">The clock.</param>
public sealed class Occasionally(TimeSpan interval, TimeProvider time)
{
    private long _toldAt;

    /// <summary>Tells whether it is time to say something again, the first time always.</summary>
    public bool IsTime()
    {
        var (now, last) = (time.GetTimestamp(), Volatile.Read(ref _toldAt));
        return (last == 0 || time.GetElapsedTime(last, now) > interval) && Interlocked.CompareExchange(ref _toldAt, now, last) == last;
    }
}
