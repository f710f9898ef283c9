using CachingProxy.Core.Keys;
using CachingProxy.Core.Storing;

namespace CachingProxy.Core.Purging;

/// <summary>Brings what a journal tells into the log, and out of the memory of this node.</summary>
internal sealed class PurgeSink(InvalidationLog log, ICacheStore memory, SearchVariances variances) : IPurgeSink
{
    /// <inheritdoc/>
    public LogPosition Position => log.Position;

    /// <inheritdoc/>
    public void Load(JournalState state)
    {
        var before = log.Position;
        log.Load(state);
        if (before.Epoch != state.Position.Epoch)
        {
            _ = memory.ClearAsync().AsTask();
        }
    }

    /// <inheritdoc/>
    public void Apply(Purge purge, LogPosition position)
    {
        ArgumentNullException.ThrowIfNull(purge);
        log.Apply(purge, position);
        if (purge is { Kind: PurgeKind.Url, IsSoft: false })
        {
            // Its record lives only as long as the fetches that are under way.
            foreach (var key in variances.KeysOf(new CacheKey(purge.Authority, purge.Text)))
            {
                log.Apply(Purge.Url(key), position);
                _ = memory.RemoveAllAsync(key).AsTask();
            }
        }
        else if (purge is { Kind: PurgeKind.All, IsSoft: false })
        {
            _ = memory.ClearAsync().AsTask();
        }
    }
}
