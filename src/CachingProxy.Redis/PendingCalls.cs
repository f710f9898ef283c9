namespace CachingProxy.Redis;

/// <summary>Bounds the calls in flight, and the bytes that they send. Safe for any number of threads.</summary>
/// <param name="maxBytes">The most bytes.</param>
internal sealed class PendingCalls(long maxBytes)
{
    private const int MaxCalls = 1024;

    private long _bytes;
    private int _calls;

    /// <summary>Takes room for a call; false where there is none.</summary>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Increment(ref _calls) <= MaxCalls)
        {
            if (Interlocked.Add(ref _bytes, bytes) <= maxBytes)
            {
                return true;
            }

            Interlocked.Add(ref _bytes, -bytes);
        }

        Interlocked.Decrement(ref _calls);
        return false;
    }

    /// <summary>Gives back the room of a call that has ended.</summary>
    public void GiveBack(long bytes)
    {
        Interlocked.Add(ref _bytes, -bytes);
        Interlocked.Decrement(ref _calls);
    }
}
