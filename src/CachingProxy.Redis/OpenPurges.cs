using System.Collections.Concurrent;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Stores;

namespace CachingProxy.Redis;

/// <summary>
/// The purges of URLs that are in the log, and whose entries in Redis are still to be removed: they are in another slot of a cluster than
/// the log. Until their removal this node keeps each purge in mind, so that it does not serve purged entries. Safe for any number of
/// threads.
/// </summary>
/// <remarks>
/// 1. A node appends the purge, and ends before it has removed the entries. The others have read the purge, and remove them in its place.
/// 2. All nodes end. The purge stands in the list of those that are open, and the next node that starts removes the entries before it
/// forgets it. 3. Two nodes remove for the same purge, and an entry was stored between: the second finds the purge remembered, and leaves
/// it alone. 4. The server of the slot is down: every poll tries the removal again, and until then the purge is kept in mind.
/// </remarks>
internal sealed class OpenPurges(RedisKeys keys, RedisStoreOptions options, RedisConnection connection, PurgeStream stream)
{
    // For as long as a fetch may last that began before the purge.
    private static readonly TimeSpan RememberedFor = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<long, Open> _open = new();

    /// <summary>Counts the open purges.</summary>
    public int Count => _open.Count;

    /// <summary>Adds a purge, which is kept in mind from <paramref name="held"/> on.</summary>
    public void Add(Purge purge, LogPosition position, IDisposable held)
    {
        if (!_open.TryAdd(position.Number, new Open(purge, position, held)))
        {
            held.Dispose();
        }
    }

    /// <summary>Removes the entries of all open purges. A purge that fails is tried again with the next call.</summary>
    public async Task CloseAsync()
    {
        foreach (var number in _open.Keys)
        {
            await CloseAsync(number);
        }
    }

    /// <summary>Forgets all open purges. For use after a purge of everything.</summary>
    public void Clear()
    {
        foreach (var number in _open.Keys)
        {
            Release(number);
        }
    }

    /// <summary>Removes the entries of one purge.</summary>
    public async Task CloseAsync(long number)
    {
        if (!_open.TryGetValue(number, out var open))
        {
            return;
        }

        var url = new CacheKey(open.Purge.Authority, open.Purge.Text);
        var (time, sequence) = PurgeStream.PartsOf(number);
        var (isDone, _) = await connection.TryAsync(
            keys.Entries(url),
            database =>
                database.ScriptEvaluateAsync(
                    EntryScripts.Purge,
                    [keys.Entries(url), keys.PurgedUrl(url)],
                    [open.Position.Epoch, time, sequence, (long)RememberedFor.TotalMilliseconds],
                    StackExchange.Redis.CommandFlags.NoScriptCache
                ),
            timeout: options.PurgeTimeout
        );
        if (isDone)
        {
            Release(number);
            await stream.CloseAsync(number);
        }
    }

    private void Release(long number)
    {
        if (_open.TryRemove(number, out var open))
        {
            open.Held.Dispose();
        }
    }

    private sealed record Open(Purge Purge, LogPosition Position, IDisposable Held);
}
