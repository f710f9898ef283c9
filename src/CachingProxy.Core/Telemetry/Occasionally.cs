namespace CachingProxy.Core.Telemetry;

/// <summary>Limits how often a frequent event is reported. Safe for any number of threads.</summary>
/// <param name="interval">The least time between two reports.</param>
/// <param name="time">The clock.</param>
public sealed class Occasionally(TimeSpan interval, TimeProvider time)
{
    private long _toldAt;

    /// <summary>
    /// Returns true if the event may be reported now; the first call returns true. The interval begins anew with each true.
    /// </summary>
    public bool IsTime()
    {
        var (now, last) = (time.GetTimestamp(), Volatile.Read(ref _toldAt));
        return (last == 0 || time.GetElapsedTime(last, now) > interval) && Interlocked.CompareExchange(ref _toldAt, now, last) == last;
    }
}
