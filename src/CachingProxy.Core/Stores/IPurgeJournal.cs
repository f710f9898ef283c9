using CachingProxy.Core.Entries;

namespace CachingProxy.Core.Stores;

/// <summary>Writes purges down so that others learn of them: after a restart, or on other nodes. Safe for any number of threads.</summary>
public interface IPurgeJournal
{
    /// <summary>
    /// Begins: tells <paramref name="sink"/> where the journal stands before it returns, and from then on of each purge that others make. A
    /// journal that cannot be read leaves the sink as it is.
    /// </summary>
    ValueTask OpenAsync(IPurgeSink sink);

    /// <summary>
    /// Writes a purge down. When this method returns, the purge is written for good. No matching entry of an earlier position is found in
    /// this tier any more, or its position shows that it was purged.
    /// </summary>
    /// <param name="purge">The purge.</param>
    /// <returns>Its position, later than all that were known here before.</returns>
    /// <exception cref="PurgeNotPropagatedException">It could not be written; it holds on this node alone for now.</exception>
    ValueTask<LogPosition> AppendAsync(Purge purge);
}
