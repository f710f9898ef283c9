namespace CachingProxy.Core.Fetching;

/// <summary>
/// Limits the memory that all bodies take together while they arrive, and counts the readers that were cut off. Safe for any number of
/// threads.
/// </summary>
/// <param name="maxBytes">The most bytes that are kept of all bodies under way. A body beyond that is passed on, and stored only by a tier
/// that takes it as it arrives.</param>
internal sealed class GrowthBudget(long maxBytes)
{
    private long _taken;
    private long _readersCutOff;

    /// <summary>The bytes taken now.</summary>
    public long TakenBytes => Volatile.Read(ref _taken);

    /// <summary>The number of readers that were cut off because they held the others up.</summary>
    public long ReadersCutOff => Volatile.Read(ref _readersCutOff);

    /// <summary>Takes bytes from the budget. Returns false, and takes none, if they would exceed it.</summary>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) <= maxBytes)
        {
            return true;
        }

        Interlocked.Add(ref _taken, -bytes);
        return false;
    }

    /// <summary>Gives bytes back.</summary>
    public void Release(long bytes) => Interlocked.Add(ref _taken, -bytes);

    /// <summary>Counts a reader that was cut off.</summary>
    public void OnReaderCutOff() => Interlocked.Increment(ref _readersCutOff);
}
