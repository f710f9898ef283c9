using CachingProxy.Core.Entries;

namespace CachingProxy.Core.Stores;

/// <summary>Writes purges down so that others learn of them: after a restart, or on other nodes. Safe for any number of threads.</summary>
public interface IPurgeJournal
{
    /// <summary>
    /// Opens the journal: loads its state into <paramref name="sink"/> before it returns, and from then on applies each purge that others
    /// make. A journal that cannot be read leaves the sink as it is, or loads a state in which every entry fetched before the last purge is
    /// a miss.
    /// </summary>
    ValueTask OpenAsync(IPurgeSink sink);

    /// <summary>
    /// Writes a purge down, and returns when it is written for good. From then on a matching entry of an earlier position is either gone
    /// from this tier, or recognised as purged by its position.
    /// </summary>
    /// <param name="purge">The purge.</param>
    /// <returns>The position of the purge, later than every position known here before.</returns>
    /// <exception cref="PurgeNotPropagatedException">The purge could not be written; it holds on this node alone for now.</exception>
    ValueTask<LogPosition> AppendAsync(Purge purge);
}
