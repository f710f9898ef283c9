using CachingProxy.Core.Limits;

namespace CachingProxy.Core.Stores;

/// <summary>
/// A store behind the memory. It is slower and larger, and its entries can still be found after a restart or by other nodes. It keeps the
/// purges as well, since entries that outlive this process must not outlive a purge. Safe for any number of threads.
/// </summary>
public interface ISecondTier : ICacheStore, IPurgeJournal, IAsyncDisposable
{
    /// <summary>Tells whether the tier is in use now; where not, it finds and keeps nothing.</summary>
    bool IsAvailable { get; }

    /// <summary>The turns to fetch among all nodes that share this tier; null where only one process can use the tier.</summary>
    IFetchLeases? Leases { get; }

    /// <summary>Counts against limits for all nodes that share this tier; null where only one process can use it.</summary>
    IRateCounter? Rates { get; }

    /// <summary>
    /// 32 random bytes, the same on all nodes that share this tier and after a restart: made once, and kept in the tier. Values that the
    /// tier must tell apart but not show (the operator's credentials) appear there as a hash with this key. Null while the bytes are not
    /// known.
    /// </summary>
    byte[]? SharedSecret { get; }
}
