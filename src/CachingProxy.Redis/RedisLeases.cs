using CachingProxy.Core.Keys;
using CachingProxy.Core.Stores;
using StackExchange.Redis;

namespace CachingProxy.Redis;

/// <summary>Gives out the turns to fetch among the nodes. Safe for any number of threads.</summary>
/// <param name="keys">The names of keys.</param>
/// <param name="connection">The connection.</param>
/// <param name="writes">The pending writes: a turn ends when the fetched response is written.</param>
/// <param name="time">The time after which a turn ends by itself if its node does not give it back.</param>
internal sealed class RedisLeases(RedisKeys keys, RedisConnection connection, PendingWrites writes, TimeSpan time) : IFetchLeases
{
    /// <inheritdoc/>
    public async ValueTask<IAsyncDisposable?> TryTakeAsync(CacheKey key, CachePartition partition)
    {
        var lease = keys.Lease(key, partition);
        var token = Guid.NewGuid().ToString("N");
        var (isDone, isOurs) = await connection.TryAsync(lease, database => database.StringSetAsync(lease, token, time, When.NotExists));
        // A call that timed out may still take the turn. Such a turn is given back like any other, unless Redis is down.
        return isDone && !isOurs ? null : new Lease(this, key, lease, isDone || connection.IsUp ? token : null);
    }

    private async ValueTask GiveBackAsync(CacheKey key, RedisKey lease, string token)
    {
        await writes.Of(key);
        await connection.TryAsync(
            lease,
            database => database.ScriptEvaluateAsync(EntryScripts.Release, [lease], [token], CommandFlags.NoScriptCache)
        );
    }

    private sealed class Lease(RedisLeases leases, CacheKey key, RedisKey name, string? token) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => token is null ? ValueTask.CompletedTask : leases.GiveBackAsync(key, name, token);
    }
}
