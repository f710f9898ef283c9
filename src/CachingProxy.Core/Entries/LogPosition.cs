namespace CachingProxy.Core.Entries;

/// <summary>A place in the invalidation log: of two in the same epoch the one with the greater number is later.</summary>
/// <param name="Epoch">Identifies the log: a log begun anew after a loss has another.</param>
/// <param name="Number">The number within it.</param>
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
