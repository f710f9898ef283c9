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

    /// <summary>Returns true if there is room for so many more bytes.</summary>
    public bool HasRoomFor(long bytes) => HeldBytes + bytes <= Limit;

    /// <summary>Counts bytes as held, whether there is room or not. A negative number releases bytes.</summary>
    public void Take(long bytes) => Interlocked.Add(ref _heldBytes, bytes);

    /// <summary>Counts bytes as held, and returns true, if there is room for them and for <paramref name="more"/> besides.</summary>
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

    /// <summary>Counts a write. Every 1024th write checks whether the machine is running out of memory.</summary>
    public void OnWrite()
    {
        if (Interlocked.Increment(ref _writes) % WritesBetweenLooks == 0)
        {
            var memory = GC.GetGCMemoryInfo(GCKind.Any);
            _isUnderPressure = memory.MemoryLoadBytes >= memory.HighMemoryLoadThresholdBytes && memory.HighMemoryLoadThresholdBytes > 0;
        }
    }
}
