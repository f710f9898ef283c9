using CachingProxy.Core.Entries;

namespace CachingProxy.Core.Stores;

/// <summary>Learns of the purges that a journal holds. Safe for any number of threads.</summary>
public interface IPurgeSink
{
    /// <summary>Begins anew with what a journal knows: what was fetched in another epoch is a miss from now on.</summary>
    void Load(JournalState state);

    /// <summary>
    /// Keeps in mind every purge of a URL after a position, until the returned is disposed: for a journal that has yet to remove what such
    /// a purge has ended. Without it they are forgotten as soon as no fetch is under way that began before them.
    /// </summary>
    IDisposable Hold(LogPosition since);

    /// <summary>A purge that another node has made; one that is known already changes nothing.</summary>
    void Apply(Purge purge, LogPosition position);
}
