using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Limits;
using CachingProxy.Core.Stores;
using CachingProxy.Core.Telemetry;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace CachingProxy.Redis;

/// <summary>
/// Entries and purges in Redis, shared by all nodes with the same key prefix. A failure of Redis causes misses, never an error, and each
/// call that a request waits for has a time limit. Keys are never enumerated. Safe for any number of threads.
/// </summary>
public sealed class RedisStore : ISecondTier
{
    /// <summary>The largest content, in bytes, that is stored with its head in one hash; larger content is split into chunks.</summary>
    internal const int ChunkBytes = 256 * 1024;

    /// <summary>
    /// The largest content, in bytes, that is kept here. There is a limit because every look-up counts the chunks of the content that it
    /// finds.
    /// </summary>
    internal const long MaxContentBytes = 1L << 30;

    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    private readonly RedisStoreOptions _options;
    private readonly Occasionally _tellDamage;
    private readonly ILogger<RedisStore> _logger;
    private readonly RedisKeys _keys;
    private readonly RedisConnection _connection;
    private readonly RedisPurges _purges;
    private readonly RedisHeads _heads;
    private readonly ITimer _polls;
    private readonly PendingWrites _writes = new();
    private long _dropped;
    private long _damaged;

    /// <summary>Begins to connect, and does not wait for the connection.</summary>
    public RedisStore(RedisStoreOptions options, TimeProvider time, ILogger<RedisStore> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        _options = options;
        _tellDamage = new Occasionally(TimeSpan.FromMinutes(1), time);
        _keys = new RedisKeys(options.KeyPrefix);
        _logger = logger;
        _connection = new RedisConnection(options, _keys.Purges, time, logger);
        _purges = new RedisPurges(_keys, options, _connection, logger);
        _heads = new RedisHeads(_keys, _connection, new SteadyClock(time), options);
        Leases = new RedisLeases(_keys, _connection, _writes, options.LeaseTime);
        Rates = new RedisRates(_keys, _connection);
        _connection.Start(_purges.OnUpAsync);
        _polls = time.CreateTimer(_ => Poll(), null, PollInterval, PollInterval);
    }

    /// <inheritdoc/>
    public bool IsAvailable => _connection.IsUp;

    /// <inheritdoc/>
    public IFetchLeases Leases { get; }

    /// <inheritdoc/>
    public IRateCounter Rates { get; }

    /// <summary>The number of entries that were not written, because Redis did not answer or too much data was in flight.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>The number of entries that could not be read, and were removed.</summary>
    public long Damaged => Volatile.Read(ref _damaged);

    /// <inheritdoc/>
    public byte[]? SharedSecret => _purges.Secret;

    /// <summary>The number of calls that failed, were too late, or were not made.</summary>
    public long Refused => _connection.Refused;

    /// <inheritdoc/>
    /// <exception cref="RefusedServerException">The server cannot be used as it is configured.</exception>
    public async ValueTask OpenAsync(IPurgeSink sink)
    {
        ArgumentNullException.ThrowIfNull(sink);
        await _connection.FirstAttemptAsync();
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
        var name = _keys.Entries(key);
        var (isDone, fields) = await _connection.TryAsync(name, database => database.HashGetAllAsync(name));
        if (!isDone || fields.Length == 0)
        {
            return [];
        }

        var values = new Dictionary<string, RedisValue>(fields.Length);
        foreach (var field in fields)
        {
            values[(string)field.Name!] = field.Value;
        }

        var entries = new List<CacheEntry>();
        foreach (
            var (serial, head) in values
                .Where(field => field.Key.StartsWith("h:", StringComparison.Ordinal))
                .Select(field => (field.Key[2..], field.Value))
        )
        {
            var (stored, fault) = EntryReader.Read(this, key, serial, (byte[]?)head, (byte[]?)values.GetValueOrDefault("b:" + serial));
            if (stored?.Body is RedisBody body)
            {
                var chunks = await CountChunksAsync(stored, body.Length!.Value);
                if (chunks == Chunks.Unknown)
                {
                    // The call failed. The entry may be whole, so it is not removed, but this look-up does not return it.
                    continue;
                }

                (stored, fault) = chunks == Chunks.Missing ? (null, "chunks are missing") : (stored, fault);
            }

            if (stored is not null)
            {
                entries.Add(stored);
            }
            else
            {
                await RemoveDamagedAsync(name, serial, fault);
            }
        }

        entries.Sort((one, other) => one.ReceivedAt.CompareTo(other.ReceivedAt));
        return entries;
    }

    /// <inheritdoc/>
    public EntryWriter? OpenWriter(CacheEntry entry, long? contentLength)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return IsAvailable && TimeToLive(entry) > TimeSpan.Zero && (contentLength ?? 0) <= MaxContentBytes
            ? new RedisEntryWriter(this, entry)
            : null;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> UpdateAsync(CacheEntry entry, CacheEntry freshened)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(freshened);
        var head = EntryFormat.Write(freshened, entry.Body.Length ?? 0);
        var (isDone, answer) = await _connection.TryAsync(
            _keys.Entries(entry.Key),
            database =>
                _heads.EvaluateAsync(
                    database,
                    EntryScripts.Replace,
                    freshened,
                    TimeToLive(freshened),
                    [RedisKeys.Head(entry.Serial), head]
                ),
            head.Length
        );
        if (!isDone || (long)answer == 0)
        {
            return false;
        }

        foreach (var chunk in ChunksOf(entry, entry.Body.Length ?? 0))
        {
            _ = _connection.TryAsync(chunk, database => database.KeyExpireAsync(chunk, TimeToLive(freshened))).AsTask();
        }

        return true;
    }

    /// <inheritdoc/>
    public async ValueTask RemoveAsync(CacheEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        await _connection.TryAsync(
            _keys.Entries(entry.Key),
            database => database.HashDeleteAsync(_keys.Entries(entry.Key), RedisHeads.FieldsOf(entry))
        );
    }

    /// <inheritdoc/>
    public async ValueTask RemoveAllAsync(CacheKey key) =>
        await _connection.TryAsync(_keys.Entries(key), database => database.KeyDeleteAsync(_keys.Entries(key)));

    /// <inheritdoc/>
    /// <remarks>Does nothing, because keys are never enumerated. After the purge of everything, the positions of all entries make
    /// them misses, and their keys expire.</remarks>
    public ValueTask ClearAsync() => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _polls.DisposeAsync();
        await SettleAsync();
        await _connection.DisposeAsync();
        _purges.Dispose();
    }

    /// <summary>Waits until all writes in flight are done, or have failed.</summary>
    public Task SettleAsync() => _writes.SettleAsync();

    /// <summary>Reads a chunk of larger content; null if the chunk cannot be read, or is damaged.</summary>
    internal async ValueTask<byte[]?> ReadChunkAsync(CacheKey key, long serial, int number)
    {
        // A client is receiving the content already: a late chunk is better than a broken response.
        var name = _keys.Chunk(key, serial, number);
        var (isDone, bytes) = await _connection.TryAsync(name, database => database.StringGetAsync(name), timeout: _options.PurgeTimeout);
        return isDone ? SealedContent.Open(serial, number, (byte[]?)bytes) : null;
    }

    /// <summary>Writes a chunk. Returns false if the chunk could not be written.</summary>
    internal async ValueTask<bool> WriteChunkAsync(CacheEntry entry, int number, byte[] bytes)
    {
        var name = _keys.Chunk(entry.Key, entry.Serial, number);
        var (isDone, isSet) = await _connection.TryAsync(
            name,
            database => database.StringSetAsync(name, SealedContent.Seal(entry.Serial, number, bytes), TimeToLive(entry)),
            bytes.Length,
            _options.PurgeTimeout
        );
        return isDone && isSet;
    }

    /// <summary>
    /// Writes the head, so that requests find the entry, and removes the entries that this entry replaces. Works in the background, one
    /// write after the other for each URI.
    /// </summary>
    internal void Write(CacheEntry entry, byte[]? body, long length, Task<bool> chunks) =>
        _writes.Add(
            entry.Key,
            async () =>
            {
                if (!await chunks || !await _heads.WriteAsync(entry, body, length))
                {
                    Interlocked.Increment(ref _dropped);
                }
            }
        );

    private async ValueTask RemoveDamagedAsync(RedisKey name, string serial, string fault)
    {
        Interlocked.Increment(ref _damaged);
        if (_tellDamage.IsTime())
        {
            Log.Damaged(_logger, fault);
        }

        await _connection.TryAsync(name, database => database.HashDeleteAsync(name, ["h:" + serial, "b:" + serial]));
    }

    private IEnumerable<RedisKey> ChunksOf(CacheEntry entry, long length)
    {
        for (var number = 0; length > ChunkBytes && number * (long)ChunkBytes < length; number++)
        {
            yield return _keys.Chunk(entry.Key, entry.Serial, number);
        }
    }

    private async ValueTask<Chunks> CountChunksAsync(CacheEntry entry, long length)
    {
        RedisKey[] chunks = [.. ChunksOf(entry, length)];
        var (isDone, count) = await _connection.TryAsync(chunks[0], database => database.KeyExistsAsync(chunks));
        if (!isDone)
        {
            return Chunks.Unknown;
        }

        return count == chunks.Length ? Chunks.All : Chunks.Missing;
    }

    private TimeSpan TimeToLive(CacheEntry entry) => _heads.TimeToLive(entry);

    private void Poll()
    {
        _writes.Forget();
        _purges.CatchUp();
    }

    // Tells whether Redis has all chunks of an entry.
    private enum Chunks
    {
        All,
        Missing,
        Unknown,
    }
}
