using CachingProxy.Core.Fetching;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Purging;
using CachingProxy.Core.Responding;
using CachingProxy.Core.Storing;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace CachingProxy.Redis;

/// <summary>
/// Entries and purges in Redis, shared by all nodes with the same key prefix. Whatever is wrong with Redis costs misses, never an error, and no
/// request waits for it longer than its limit. Keys are never enumerated. Safe for any number of threads.
/// </summary>
public sealed class RedisStore : ISecondTier, IFetchLeases
{
    /// <summary>Content up to here stands beside its head; what is larger in chunks of this size.</summary>
    internal const int ChunkBytes = 256 * 1024;

    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    // Removes what is there if it is still ours.
    private const string Release = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) else return 0 end";

    // Replaces a head if its entry is still there.
    private const string Replace = """
        if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
        redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
        if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
        return 1
        """;

    private readonly RedisStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly RedisKeys _keys;
    private readonly RedisConnection _connection;
    private readonly RedisPurges _purges;
    private readonly ITimer _polls;
    private readonly Dictionary<CacheKey, Task> _writes = [];
    private long _dropped;

    /// <summary>Begins to connect, and does not wait for it.</summary>
    public RedisStore(RedisStoreOptions options, TimeProvider time, ILogger<RedisStore> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        _options = options;
        _time = time;
        _keys = new RedisKeys(options.KeyPrefix);
        _purges = new RedisPurges(_keys, options, logger);
        _connection = new RedisConnection(options, time, logger, _purges.OnUpAsync);
        _purges.Use(_connection);
        _polls = time.CreateTimer(_ => Poll(), null, PollInterval, PollInterval);
    }

    /// <inheritdoc/>
    public string Name => "redis";

    /// <inheritdoc/>
    public bool IsAvailable => _connection.IsUp;

    /// <summary>How many entries were not written, because Redis did not answer or too much was on its way.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>How many calls failed, were too late, or were not made.</summary>
    public long Refused => _connection.Refused;

    /// <inheritdoc/>
    public async ValueTask OpenAsync(IPurgeSink sink)
    {
        ArgumentNullException.ThrowIfNull(sink);
        await _purges.BeginAsync(sink);
    }

    /// <inheritdoc/>
    public async ValueTask<LogPosition> AppendAsync(Purge purge)
    {
        ArgumentNullException.ThrowIfNull(purge);
        var position = await _purges.AppendAsync(purge);
        if (purge is { Kind: PurgeKind.Url, IsSoft: false })
        {
            await RemoveAllAsync(new CacheKey(purge.Authority, purge.Text));
        }

        return position;
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<CacheEntry>> FindAsync(CacheKey key)
    {
        var (isDone, fields) = await _connection.TryAsync(database => database.HashGetAllAsync(_keys.Entries(key)));
        if (!isDone || fields.Length == 0)
        {
            return [];
        }

        var values = fields.ToDictionary(field => (string)field.Name!, field => field.Value);
        var entries = new List<CacheEntry>();
        foreach (var (name, head) in values.Where(field => field.Key.StartsWith("h:", StringComparison.Ordinal)))
        {
            var serial = name[2..];
            if (values.TryGetValue("l:" + serial, out var length) && EntryFormat.Read((byte[])head!, ResponseBody.Empty) is { } entry && entry.Key == key
                && BodyOf(entry, (long)length, values.GetValueOrDefault("b:" + serial)) is { } body)
            {
                entries.Add(entry with { Body = body });
            }
        }

        entries.Sort((one, other) => one.ReceivedAt.CompareTo(other.ReceivedAt));
        return entries;
    }

    /// <inheritdoc/>
    public EntryWriter? OpenWriter(CacheEntry entry, long? contentLength)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return IsAvailable ? new RedisEntryWriter(this, entry) : null;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> UpdateAsync(CacheEntry entry, CacheEntry freshened)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(freshened);
        var head = EntryFormat.Write(freshened);
        var (isDone, answer) = await _connection.TryAsync(
            database => database.ScriptEvaluateAsync(
                Replace, [_keys.Entries(entry.Key)], [RedisKeys.Head(entry.Serial), head, (long)TimeToLive(freshened).TotalMilliseconds], CommandFlags.NoScriptCache),
            head.Length);
        if (!isDone || (long)answer == 0)
        {
            return false;
        }

        for (var number = 0; number * (long)ChunkBytes < entry.Body.Length && entry.Body is RedisBody; number++)
        {
            var chunk = _keys.Chunk(entry.Serial, number);
            _ = _connection.TryAsync(database => database.KeyExpireAsync(chunk, TimeToLive(freshened))).AsTask();
        }

        return true;
    }

    /// <inheritdoc/>
    public async ValueTask RemoveAsync(CacheEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        await _connection.TryAsync(database => database.HashDeleteAsync(_keys.Entries(entry.Key), FieldsOf(entry)));
    }

    /// <inheritdoc/>
    public async ValueTask RemoveAllAsync(CacheKey key) => await _connection.TryAsync(database => database.KeyDeleteAsync(_keys.Entries(key)));

    /// <inheritdoc/>
    /// <remarks>Nothing is enumerated: a purge of everything has ended all entries by their position, and they go when their time is over.</remarks>
    public ValueTask ClearAsync() => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public async ValueTask<IAsyncDisposable?> TryTakeAsync(CacheKey key, CachePartition partition)
    {
        var lease = _keys.Lease(key, partition);
        var token = Guid.NewGuid().ToString("N");
        var (isDone, isOurs) = await _connection.TryAsync(database => database.StringSetAsync(lease, token, _options.LeaseTime, When.NotExists));
        // A call that was too late may take it yet: it is given back like one that was taken.
        return isDone && !isOurs ? null : new Lease(this, key, lease, isDone || IsAvailable ? token : null);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _polls.DisposeAsync();
        await SettleAsync();
        await _connection.DisposeAsync();
        _purges.Dispose();
    }

    /// <summary>Waits until all that is on its way is written, or has failed.</summary>
    public async Task SettleAsync()
    {
        Task[] writes;
        lock (_writes)
        {
            writes = [.. _writes.Values];
        }

        await Task.WhenAll(writes);
    }

    /// <summary>A chunk of larger content; null where it is not there.</summary>
    internal async ValueTask<byte[]?> ReadChunkAsync(long serial, int number)
    {
        // A client is being answered from it already: better late than broken off.
        var (isDone, bytes) = await _connection.TryAsync(database => database.StringGetAsync(_keys.Chunk(serial, number)), 0, _options.PurgeTimeout);
        return isDone ? (byte[]?)bytes : null;
    }

    /// <summary>Writes a chunk. False where it could not be.</summary>
    internal async ValueTask<bool> WriteChunkAsync(CacheEntry entry, int number, byte[] bytes)
    {
        var (isDone, isSet) = await _connection.TryAsync(
            database => database.StringSetAsync(_keys.Chunk(entry.Serial, number), bytes, TimeToLive(entry)), bytes.Length, _options.PurgeTimeout);
        return isDone && isSet;
    }

    /// <summary>Writes the head, which makes the entry be found; those that it replaces go. In the background, one after the other for each URI.</summary>
    internal void Write(CacheEntry entry, byte[]? body, long length, Task<bool> chunks)
    {
        lock (_writes)
        {
            _writes[entry.Key] = WriteAsync(_writes.GetValueOrDefault(entry.Key, Task.CompletedTask));
        }

        async Task WriteAsync(Task before)
        {
            await before;
            await Task.Yield();
            if (!await chunks || !await WriteHeadAsync(entry, body, length))
            {
                Interlocked.Increment(ref _dropped);
            }
        }
    }

    private Task PendingWrite(CacheKey key)
    {
        lock (_writes)
        {
            if (_writes.TryGetValue(key, out var writing) && writing.IsCompleted)
            {
                _writes.Remove(key);
            }

            return writing ?? Task.CompletedTask;
        }
    }

    // What is done is forgotten now and then, not at once: it is looked for by the lease that ends after it.
    private void ForgetWrites()
    {
        lock (_writes)
        {
            foreach (var (key, _) in _writes.Where(write => write.Value.IsCompleted).ToList())
            {
                _writes.Remove(key);
            }
        }
    }

    private static RedisValue[] FieldsOf(CacheEntry entry) => [RedisKeys.Head(entry.Serial), RedisKeys.Length(entry.Serial), RedisKeys.Body(entry.Serial)];

    private ResponseBody? BodyOf(CacheEntry entry, long length, RedisValue inline) =>
        length > ChunkBytes ? new RedisBody(this, entry.Serial, length)
        : inline.IsNull && length > 0 ? null
        : length == 0 ? ResponseBody.Empty
        : ((byte[])inline!).Length == length ? ResponseBody.InMemory((byte[])inline!)
        : null;

    private async Task<bool> WriteHeadAsync(CacheEntry entry, byte[]? body, long length)
    {
        var siblings = await FindAsync(entry.Key);
        if (Replacement.Replaced(entry, siblings) is not { } replaced)
        {
            return true;
        }

        var head = EntryFormat.Write(entry);
        var timeToLive = TimeToLive(entry);
        if (timeToLive <= TimeSpan.Zero)
        {
            return true;
        }

        foreach (var sibling in siblings.Except(replaced))
        {
            timeToLive = TimeToLive(sibling) is var other && other > timeToLive ? other : timeToLive;
        }

        var key = _keys.Entries(entry.Key);
        var (isDone, isCommitted) = await _connection.TryAsync(
            database =>
            {
                var transaction = database.CreateTransaction();
                _ = transaction.HashDeleteAsync(key, [.. replaced.SelectMany(FieldsOf), RedisKeys.Body(entry.Serial)]);
                HashEntry[] fields = [new(RedisKeys.Head(entry.Serial), head), new(RedisKeys.Length(entry.Serial), length)];
                _ = transaction.HashSetAsync(key, body is null ? fields : [.. fields, new(RedisKeys.Body(entry.Serial), body)]);
                _ = transaction.KeyExpireAsync(key, timeToLive);
                return transaction.ExecuteAsync();
            },
            head.Length + (body?.Length ?? 0), _options.PurgeTimeout);
        return isDone && isCommitted;
    }

    private TimeSpan TimeToLive(CacheEntry entry) => entry.WorthKeepingUntil - _time.GetUtcNow();

    private void Poll()
    {
        ForgetWrites();
        _ = _purges.CatchUpAsync();
    }

    /// <summary>The turn to fetch; ends when what was fetched is written.</summary>
    private sealed class Lease(RedisStore store, CacheKey key, RedisKey name, string? token) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            if (token is not null)
            {
                await store.PendingWrite(key);
                await store._connection.TryAsync(database => database.ScriptEvaluateAsync(Release, [name], [token], CommandFlags.NoScriptCache));
            }
        }
    }
}
