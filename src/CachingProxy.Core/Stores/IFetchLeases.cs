using CachingProxy.Core.Keys;

namespace CachingProxy.Core.Stores;

/// <summary>
/// Turns that nodes take to fetch the same: one fetches, the others wait for what it stores. Safe for any number of threads.
/// </summary>
public interface IFetchLeases
{
    /// <summary>
    /// Takes the turn; returns null where another node has it. A lease ends by itself, whatever becomes of its holder.
    /// </summary>
    /// <param name="key">What is fetched.</param>
    /// <param name="partition">For whom.</param>
    /// <returns>The lease, which ends when it is disposed and what was stored meanwhile can be found; one that means nothing where nobody
    /// can be asked.</returns>
    ValueTask<IAsyncDisposable?> TryTakeAsync(CacheKey key, CachePartition partition);
}
