namespace CachingProxy.Core.Telemetry;

/// <summary>Says when it is time to tell something again that happens all the time. Safe for any number of threads.</summary>
/// <param name="interval">How long nothing is told after it was told.</param>
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
