namespace CachingProxy.Core.Purging;

/// <summary>Learns of the purges that a journal holds. Safe for any number of threads.</summary>
public interface IPurgeSink
{
    /// <summary>Begins anew with what a journal knows: what was fetched in another epoch is a miss from now on.</summary>
    void Load(JournalState state);

    /// <summary>A purge that another node has made; one that is known already changes nothing.</summary>
    void Apply(Purge purge, LogPosition position);
}
