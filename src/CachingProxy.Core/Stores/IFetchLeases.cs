using CachingProxy.Core.Keys;

namespace CachingProxy.Core.Stores;

/// <summary>
/// The turns that nodes take to fetch a response: one node fetches, and the others wait for the response that it stores. Safe for any
/// number of threads.
/// </summary>
public interface IFetchLeases
{
    /// <summary>
    /// Takes the turn; returns null where another node has it. A lease ends by itself after a time, even if its holder has failed.
    /// </summary>
    /// <param name="key">The URI to fetch.</param>
    /// <param name="partition">The partition of the request.</param>
    /// <returns>The lease. Once disposed, it ends as soon as the responses stored meanwhile can be found. If the second tier does not
    /// answer, other nodes may fetch in spite of the lease.</returns>
    ValueTask<IAsyncDisposable?> TryTakeAsync(CacheKey key, CachePartition partition);
}
