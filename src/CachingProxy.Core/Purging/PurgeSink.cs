using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Stores;

namespace CachingProxy.Core.Purging;

/// <summary>Adds purges to the log, and removes purged entries from the memory of this node.</summary>
internal sealed class PurgeSink(InvalidationLog invalidations, ICacheStore memory, SearchVariances variances) : IPurgeSink
{
    /// <inheritdoc/>
    public void Load(JournalState state)
    {
        var before = invalidations.Position;
        invalidations.Load(state);
        if (before.Epoch != state.Position.Epoch)
        {
            _ = memory.ClearAsync().AsTask();
        }
    }

    /// <inheritdoc/>
    public void Apply(Purge purge, LogPosition position)
    {
        ArgumentNullException.ThrowIfNull(purge);
        invalidations.Apply(purge, position);
        _ = RemoveAsync(purge, position).AsTask();
    }

    /// <inheritdoc/>
    public IDisposable Hold(LogPosition since)
    {
        invalidations.BeginAt(since);
        return new Held(invalidations, since);
    }

    /// <summary>
    /// Removes the entries that a logged hard purge of a URL, or of all, hits. Entries that other purges hit are judged when a look-up
    /// finds them.
    /// </summary>
    public async ValueTask RemoveAsync(Purge purge, LogPosition position)
    {
        if (purge is { Kind: PurgeKind.Url, IsSoft: false })
        {
            // Remove the entries now: the record of the purge is dropped when the fetches that are under way have ended.
            var uri = new CacheKey(purge.Authority, purge.Text);
            foreach (var key in variances.KeysOf(uri))
            {
                if (key != uri)
                {
                    invalidations.Apply(Purge.Url(key), position);
                }

                await memory.RemoveAllAsync(key);
            }
        }
        else if (purge is { Kind: PurgeKind.All, IsSoft: false })
        {
            await memory.ClearAsync();
        }
    }

    /// <summary>A hold on the log: it counts as a fetch under way until it is disposed of.</summary>
    private sealed class Held(InvalidationLog invalidations, LogPosition since) : IDisposable
    {
        private int _isReleased;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isReleased, 1) == 0)
            {
                invalidations.End(since);
            }
        }
    }
}
