using CachingProxy.Core.Entries;

namespace CachingProxy.Core.Stores;

/// <summary>Learns of the purges that a journal holds. Safe for any number of threads.</summary>
public interface IPurgeSink
{
    /// <summary>Starts again from the state of a journal: every response fetched in another epoch is a miss from now on.</summary>
    void Load(JournalState state);

    /// <summary>
    /// Keeps every purge of a URL after a position in mind, until the returned object is disposed. A journal uses this while it has yet to
    /// remove the entries that such a purge has ended. Otherwise a purge is forgotten as soon as no fetch is under way that began before
    /// it.
    /// </summary>
    IDisposable Hold(LogPosition since);

    /// <summary>Applies a purge that another node has made; a purge that is known already changes nothing.</summary>
    void Apply(Purge purge, LogPosition position);
}
