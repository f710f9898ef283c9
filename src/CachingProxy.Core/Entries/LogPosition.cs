namespace CachingProxy.Core.Entries;

/// <summary>A place in the invalidation log. Of two positions in the same epoch, the position with the greater number is later.</summary>
/// <param name="Epoch">The identity of the log. A log that is begun anew after a loss has another epoch.</param>
/// <param name="Number">The number within the log.</param>
public readonly record struct LogPosition(long Epoch, long Number)
{
    /// <summary>Tells whether this is later than another of the same epoch.</summary>
    public bool IsAfter(LogPosition other) => Epoch == other.Epoch && Number > other.Number;

    /// <summary>Returns the earlier of two positions; where their epochs differ, a position of neither epoch.</summary>
    public static LogPosition Earlier(LogPosition one, LogPosition other)
    {
        if (one.Epoch != other.Epoch)
        {
            return default;
        }

        if (one.Number < other.Number)
        {
            return one;
        }

        return other;
    }
}
