using CachingProxy.Core.Entries;

namespace CachingProxy.Core.Stores;

/// <summary>Learns of the purges that a journal holds. Safe for any number of threads.</summary>
public interface IPurgeSink
{
    /// <summary>Starts again from the state of a journal: every response fetched in another epoch is a miss from now on.</summary>
    void Load(JournalState state);

    /// <summary>
    /// Remembers every purge of a URL after a position until the returned object is disposed. A journal calls this while it has yet to
    /// remove the entries that such a purge hits. Otherwise the purge is forgotten as soon as every fetch that began before it has ended.
    /// </summary>
    IDisposable Hold(LogPosition since);

    /// <summary>Applies a purge that another node has made; a purge that is known already changes nothing.</summary>
    void Apply(Purge purge, LogPosition position);
}
