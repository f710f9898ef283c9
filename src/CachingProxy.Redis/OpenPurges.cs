using System.Collections.Concurrent;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Stores;

namespace CachingProxy.Redis;

/// <summary>
/// The purges of URLs that are in the log, and whose entries in Redis are still to be removed. In a cluster the entries are in another slot
/// than the log, so both cannot be changed in one step. This node keeps each purge in mind until its entries are removed, so that it does
/// not serve them. Safe for any number of threads.
/// </summary>
/// <remarks>
/// Four things can go wrong: 1. The node that appended the purge ends before it has removed the entries: the other nodes have read the
/// purge, and remove the entries. 2. All nodes end: the purge is still in the list of open purges in Redis, and the next node that starts
/// reads the list and removes the entries. 3. Two nodes remove the entries of the same purge, and a new entry is stored in between: the
/// second node finds that Redis remembers the purge, and leaves the new entry alone. 4. The server of the slot is down: every poll tries
/// the removal again, and the purge is kept in mind until the removal succeeds.
/// </remarks>
internal sealed class OpenPurges(RedisKeys keys, RedisStoreOptions options, RedisConnection connection, PurgeStream stream)
{
    // Redis remembers a purge of a URL for as long as a fetch that began before the purge may last.
    private static readonly TimeSpan RememberedFor = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<long, Open> _open = new();

    /// <summary>The number of open purges.</summary>
    public int Count => _open.Count;

    /// <summary>Adds a purge, which <paramref name="held"/> keeps in mind until its entries are removed.</summary>
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
