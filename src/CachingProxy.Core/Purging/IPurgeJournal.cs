namespace CachingProxy.Core.Purging;

/// <summary>Where purges are written down so that others learn of them: after a restart, or on other nodes. Safe for any number of threads.</summary>
public interface IPurgeJournal
{
    /// <summary>The epoch and the position at which this journal stands, with every purge that still counts, the oldest first.</summary>
    ValueTask<JournalState> OpenAsync();

    /// <summary>
    /// Writes a purge down. When this returns it is written for good, and entries of an earlier position are not found any more after it.
    /// </summary>
    /// <param name="purge">The purge.</param>
    /// <param name="after">The position of the purge before it.</param>
    /// <exception cref="PurgeNotPropagatedException">It could not be written; it still holds on this node, and is written later.</exception>
    ValueTask<LogPosition> AppendAsync(Purge purge, LogPosition after);
}
