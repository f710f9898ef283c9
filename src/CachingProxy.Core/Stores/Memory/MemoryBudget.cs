namespace CachingProxy.Core.Stores.Memory;

/// <summary>
/// Counts the bytes that the store holds, and limits them. The limit is halved when the machine runs out of memory. Safe for any number of
/// threads.
/// </summary>
internal sealed class MemoryBudget(long maxBytes)
{
    private const int WritesBetweenLooks = 1024;

    private long _heldBytes;
    private int _writes;
    private volatile bool _isUnderPressure;

    /// <summary>The bytes held.</summary>
    public long HeldBytes => Volatile.Read(ref _heldBytes);

    private long Limit => _isUnderPressure ? maxBytes / 2 : maxBytes;

    /// <summary>Tells whether there is room for so much more.</summary>
    public bool HasRoomFor(long bytes) => HeldBytes + bytes <= Limit;

    /// <summary>Counts bytes as held, whether there is room or not. A negative number releases bytes.</summary>
    public void Take(long bytes) => Interlocked.Add(ref _heldBytes, bytes);

    /// <summary>Counts something as held where there is room for it, and for some more.</summary>
    public bool TryTake(long bytes, long more)
    {
        for (var held = HeldBytes; held + bytes + more <= Limit; held = HeldBytes)
        {
            if (Interlocked.CompareExchange(ref _heldBytes, held + bytes, held) == held)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Looks now and then how the machine does.</summary>
    public void OnWrite()
    {
        if (Interlocked.Increment(ref _writes) % WritesBetweenLooks == 0)
        {
            var memory = GC.GetGCMemoryInfo(GCKind.Any);
            _isUnderPressure = memory.MemoryLoadBytes >= memory.HighMemoryLoadThresholdBytes && memory.HighMemoryLoadThresholdBytes > 0;
        }
    }
}
