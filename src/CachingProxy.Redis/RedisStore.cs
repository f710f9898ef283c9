using System.Buffers.Binary;
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

    private const int ChecksumBytes = 4;

    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    private readonly RedisStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly RedisKeys _keys;
    private readonly RedisConnection _connection;
    private readonly RedisPurges _purges;
    private readonly ITimer _polls;
    private readonly PendingWrites _writes = new();
    private long _dropped;

    /// <summary>Begins to connect, and does not wait for it.</summary>
    public RedisStore(RedisStoreOptions options, TimeProvider time, ILogger<RedisStore> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        _options = options;
        _time = time;
        _keys = new RedisKeys(options.KeyPrefix);
        _connection = new RedisConnection(options, time, logger);
        _purges = new RedisPurges(_keys, options, _connection, logger);
        _connection.Start(_purges.OnUpAsync);
        _polls = time.CreateTimer(_ => Poll(), null, PollInterval, PollInterval);
    }

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
        return await _purges.AppendAsync(purge);
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
                if (body is RedisBody && !await HasAllChunksAsync(entry, (long)length))
                {
                    // Redis has evicted some of it.
                    await RemoveAsync(entry);
                    continue;
                }

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
        return IsAvailable && TimeToLive(entry) > TimeSpan.Zero ? new RedisEntryWriter(this, entry) : null;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> UpdateAsync(CacheEntry entry, CacheEntry freshened)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(freshened);
        var head = EntryFormat.Write(freshened);
        var (isDone, answer) = await _connection.TryAsync(
            database => EvaluateAsync(database, EntryScripts.Replace, freshened, TimeToLive(freshened), [RedisKeys.Head(entry.Serial), head]), head.Length);
        if (!isDone || (long)answer == 0)
        {
            return false;
        }

        foreach (var chunk in ChunksOf(entry, entry.Body.Length ?? 0))
        {
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
    public Task SettleAsync() => _writes.SettleAsync();

    /// <summary>A chunk of larger content; null where it is not there.</summary>
    internal async ValueTask<byte[]?> ReadChunkAsync(long serial, int number)
    {
        // A client is being answered from it already: better late than broken off.
        var (isDone, bytes) = await _connection.TryAsync(database => database.StringGetAsync(_keys.Chunk(serial, number)), 0, _options.PurgeTimeout);
        return isDone && (byte[]?)bytes is { Length: > ChecksumBytes } chunk
            && EntryFormat.Checksum(chunk.AsSpan(0, chunk.Length - ChecksumBytes)) == BinaryPrimitives.ReadUInt32LittleEndian(chunk.AsSpan(chunk.Length - ChecksumBytes))
            ? chunk[..^ChecksumBytes]
            : null;
    }

    /// <summary>Writes a chunk. False where it could not be.</summary>
    internal async ValueTask<bool> WriteChunkAsync(CacheEntry entry, int number, byte[] bytes)
    {
        var chunk = new byte[bytes.Length + ChecksumBytes];
        bytes.CopyTo(chunk, 0);
        BinaryPrimitives.WriteUInt32LittleEndian(chunk.AsSpan(bytes.Length), EntryFormat.Checksum(bytes));
        var (isDone, isSet) = await _connection.TryAsync(
            database => database.StringSetAsync(_keys.Chunk(entry.Serial, number), chunk, TimeToLive(entry)), chunk.Length, _options.PurgeTimeout);
        return isDone && isSet;
    }

    /// <summary>Writes the head, which makes the entry be found; those that it replaces go. In the background, one after the other for each URI.</summary>
    internal void Write(CacheEntry entry, byte[]? body, long length, Task<bool> chunks) => _writes.Add(entry.Key, async () =>
    {
        if (!await chunks || !await WriteHeadAsync(entry, body, length))
        {
            Interlocked.Increment(ref _dropped);
        }
    });

    private static RedisValue[] FieldsOf(CacheEntry entry) => [RedisKeys.Head(entry.Serial), RedisKeys.Length(entry.Serial), RedisKeys.Body(entry.Serial)];

    private ResponseBody? BodyOf(CacheEntry entry, long length, RedisValue inline) =>
        length > ChunkBytes ? new RedisBody(this, entry.Serial, length)
        : inline.IsNull && length > 0 ? null
        : length == 0 ? ResponseBody.Empty
        : ((byte[])inline!).Length == length ? ResponseBody.InMemory((byte[])inline!)
        : null;

    private async Task<bool> WriteHeadAsync(CacheEntry entry, byte[]? body, long length)
    {
        var (isRead, heads) = await _connection.TryAsync(
            database => database.ScriptEvaluateAsync(EntryScripts.Heads, [_keys.Entries(entry.Key)], null, CommandFlags.NoScriptCache), 0, _options.PurgeTimeout);
        if (!isRead)
        {
            return false;
        }

        var siblings = ((RedisValue[])heads!).Select(head => EntryFormat.Read((byte[])head!, ResponseBody.Empty)).OfType<CacheEntry>()
            .Where(other => other.Key == entry.Key).OrderBy(other => other.ReceivedAt).ToList();
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

        RedisValue[] removed = [.. replaced.Where(other => other.Serial != entry.Serial).SelectMany(FieldsOf)];
        RedisValue[] set = [RedisKeys.Head(entry.Serial), head, RedisKeys.Length(entry.Serial), length, .. body is null ? [] : (RedisValue[])[RedisKeys.Body(entry.Serial), body]];
        var (isDone, answer) = await _connection.TryAsync(
            database => EvaluateAsync(database, EntryScripts.Put, entry, timeToLive, [removed.Length, .. removed, .. set]), head.Length + (body?.Length ?? 0), _options.PurgeTimeout);
        return isDone && (long)answer == 1;
    }

    private Task<RedisResult> EvaluateAsync(IDatabase database, string script, CacheEntry entry, TimeSpan timeToLive, RedisValue[] values)
    {
        var (time, sequence) = PurgeStream.PartsOf(entry.Position.Number);
        return database.ScriptEvaluateAsync(
            script,
            [_keys.Entries(entry.Key), _keys.PurgedUrl(entry.Key), _keys.Epoch],
            [entry.Position.Epoch, time, sequence, (long)timeToLive.TotalMilliseconds, .. values],
            CommandFlags.NoScriptCache);
    }

    private IEnumerable<RedisKey> ChunksOf(CacheEntry entry, long length)
    {
        for (var number = 0; length > ChunkBytes && number * (long)ChunkBytes < length; number++)
        {
            yield return _keys.Chunk(entry.Serial, number);
        }
    }

    private async ValueTask<bool> HasAllChunksAsync(CacheEntry entry, long length)
    {
        object[] chunks = [.. ChunksOf(entry, length).Select(chunk => (object)chunk)];
        var (isDone, count) = await _connection.TryAsync(database => database.ExecuteAsync("EXISTS", chunks));
        return isDone && (long)count == chunks.Length;
    }

    private TimeSpan TimeToLive(CacheEntry entry) => entry.WorthKeepingUntil - _time.GetUtcNow();

    private void Poll()
    {
        _writes.Forget();
        _purges.CatchUp();
    }

    /// <summary>The turn to fetch; ends when what was fetched is written.</summary>
    private sealed class Lease(RedisStore store, CacheKey key, RedisKey name, string? token) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            if (token is not null)
            {
                await store._writes.Of(key);
                await store._connection.TryAsync(database => database.ScriptEvaluateAsync(EntryScripts.Release, [name], [token], CommandFlags.NoScriptCache));
            }
        }
    }
}
