using System.Collections.Concurrent;
using System.Globalization;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Purging;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace CachingProxy.Redis;

/// <summary>
/// The log of purges as a stream in Redis, which each node tails: by a notification, and by a slow poll for those that it missed. Where the stream
/// is not there, or has gone back, it is begun anew in another epoch, and all that is older is a miss on every node. Safe for any number of threads.
/// </summary>
internal sealed class RedisPurges(RedisKeys keys, RedisStoreOptions options, ILogger logger) : IDisposable
{
    // Without a stream or an epoch there is no telling what was purged: another epoch begins, as it does where one is to be ended (ARGV[2]).
    private const string Ensure = """
        local epoch = redis.call('GET', KEYS[1])
        if not epoch or redis.call('EXISTS', KEYS[2]) == 0 or redis.call('XLEN', KEYS[2]) == 0 or epoch == ARGV[2] then
          epoch = ARGV[1]
          redis.call('DEL', KEYS[2])
          redis.call('SET', KEYS[1], epoch)
          redis.call('XADD', KEYS[2], '*', 'kind', 'begin')
          redis.call('PUBLISH', ARGV[3], 'epoch')
        end
        """;

    // ARGV[4]: the last id that was seen here; whether it is still there.
    private const string Look = Ensure + """

        local first = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
        local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
        local seen = 1
        if ARGV[4] ~= '' then seen = #redis.call('XRANGE', KEYS[2], ARGV[4], ARGV[4]) end
        return {epoch, last[1], first[1], first[2][2], seen}
        """;

    // A hard purge of a URL removes its entries (KEYS[3]), and says for a while that it did (KEYS[4]): what was fetched before is not written after it.
    private const string Append = Ensure + """

        if KEYS[3] then redis.call('DEL', KEYS[3]) end
        local id = redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[4], '*', 'kind', ARGV[5], 'authority', ARGV[6], 'text', ARGV[7], 'soft', ARGV[8])
        if KEYS[3] then redis.call('SET', KEYS[4], id, 'PX', 600000) end
        redis.call('PUBLISH', ARGV[3], id)
        return {epoch, id}
        """;

    // The id of an item is a time in milliseconds and a number within it.
    private const int SequenceBits = 20;
    private const long MaxSequence = (1 << SequenceBits) - 1;

    // Beyond these, one purge of everything is told in the place of all.
    private const int MaxUntold = 10_000;

    private readonly Lock _lock = new();
    private readonly HashSet<Purge> _untold = [];
    private readonly ConcurrentDictionary<long, bool> _own = new();
    private readonly SemaphoreSlim _reading = new(1);
    private readonly SemaphoreSlim _telling = new(1);
    private RedisConnection _connection = null!;
    private ConnectionMultiplexer? _subscribed;
    private volatile IPurgeSink? _sink;
    private LogPosition _seen;
    private string _seenId = "";

    /// <summary>How many purges other nodes have not been told of yet.</summary>
    public int Untold
    {
        get
        {
            lock (_lock)
            {
                return _untold.Count;
            }
        }
    }

    /// <summary>The connection to be used.</summary>
    public void Use(RedisConnection connection) => _connection = connection;

    /// <summary>Tells a sink of what is there, and from then on of what comes.</summary>
    public async Task BeginAsync(IPurgeSink sink)
    {
        _sink = sink;
        await CatchUpAsync();
    }

    /// <summary>The connection is there, or there again: nothing is read from Redis before this node knows what was purged, and Redis what this node has.</summary>
    /// <exception cref="TimeoutException">It does not answer after all.</exception>
    public async Task OnUpAsync(ConnectionMultiplexer multiplexer)
    {
        if (_subscribed != multiplexer)
        {
            await multiplexer.GetSubscriber().SubscribeAsync(keys.Purged, (_, _) => _ = CatchUpAsync());
            _subscribed = multiplexer;
        }

        if (!await CatchUpAsync())
        {
            throw new TimeoutException("The purges could not be read.");
        }
    }

    /// <summary>Writes a purge down. Its position, later than all before it.</summary>
    /// <exception cref="PurgeNotPropagatedException">Redis does not answer; it is told later.</exception>
    public async Task<LogPosition> AppendAsync(Purge purge)
    {
        // Nobody waits for what is known not to answer.
        if (_connection.IsUp && await TryAppendAsync(purge) is { } position)
        {
            _own[position.Number] = true;
            return position;
        }

        lock (_lock)
        {
            if (_untold.Count >= MaxUntold)
            {
                _untold.Clear();
                purge = Purge.All();
            }

            _untold.Add(purge);
        }

        throw new PurgeNotPropagatedException("Redis does not answer.");
    }

    /// <summary>Reads what is new, and tells what could not be told. False where Redis does not answer.</summary>
    public async Task<bool> CatchUpAsync() => await ReadAsync() && await TellAsync();

    public void Dispose()
    {
        _reading.Dispose();
        _telling.Dispose();
    }

    private async Task<bool> TellAsync()
    {
        await _telling.WaitAsync();
        try
        {
            while (Next() is { } purge)
            {
                // Told, it comes back with its place in the log as any other's does.
                if (await TryAppendAsync(purge) is null)
                {
                    return false;
                }

                lock (_lock)
                {
                    _untold.Remove(purge);
                }
            }

            return true;
        }
        finally
        {
            _telling.Release();
        }

        Purge? Next()
        {
            lock (_lock)
            {
                return _untold.FirstOrDefault();
            }
        }
    }

    private static long NumberOf(string id)
    {
        var dash = id.IndexOf('-', StringComparison.Ordinal);
        return (long.Parse(id.AsSpan(0, dash), CultureInfo.InvariantCulture) << SequenceBits) | Math.Min(long.Parse(id.AsSpan(dash + 1), CultureInfo.InvariantCulture), MaxSequence);
    }

    private async Task<LogPosition?> TryAppendAsync(Purge purge)
    {
        try
        {
            var url = new CacheKey(purge.Authority, purge.Text);
            RedisKey[] removed = purge is { Kind: PurgeKind.Url, IsSoft: false } ? [keys.Entries(url), keys.PurgedUrl(url)] : [];
            var answer = (RedisValue[])(await EvaluateAsync(
                Append, removed, "", options.MaxPurges, (int)purge.Kind, purge.Authority, purge.Text, purge.IsSoft ? 1 : 0))!;
            var position = new LogPosition((long)answer[0], NumberOf((string)answer[1]!));
            // In another epoch than this node knows it means nothing here until that is known.
            return position.Epoch == _seen.Epoch || (await ReadAsync() && position.Epoch == _seen.Epoch) ? position : null;
        }
        catch (Exception failure) when (failure is TimeoutException or RedisException)
        {
            return null;
        }
    }

    // False where Redis does not answer; the next notification, poll or connection tries again.
    private async Task<bool> ReadAsync()
    {
        if (_sink is not { } sink)
        {
            return true;
        }

        await _reading.WaitAsync();
        try
        {
            var there = await LookAsync("");
            if (there.Position.Epoch == _seen.Epoch && !there.HasSeen && there.ReachesBackTo <= _seen.Number)
            {
                // The stream has gone back: an old copy of it was restored, and what was purged since nobody knows.
                there = await LookAsync(_seen.Epoch.ToString(CultureInfo.InvariantCulture));
            }

            if (there.Position.Epoch != _seen.Epoch || there.ReachesBackTo > _seen.Number)
            {
                if (_seen != default)
                {
                    Log.EpochChanged(logger);
                }

                var known = await ReadFromAsync(0);
                sink.Load(new JournalState(there.Position, there.ReachesBackTo, [.. known.Select(purge => (purge.Number, TimeOf(purge.Number), purge.Purge))]));
                _own.Clear();
            }
            else
            {
                foreach (var (number, purge) in there.Position.Number > _seen.Number ? await ReadFromAsync(_seen.Number) : [])
                {
                    if (!_own.TryRemove(number, out _))
                    {
                        sink.Apply(purge, new LogPosition(there.Position.Epoch, number));
                    }
                }
            }

            (_seen, _seenId) = (there.Position, there.Id);
            foreach (var (number, _) in _own)
            {
                _ = number <= _seen.Number && _own.TryRemove(number, out _);
            }

            return true;
        }
        catch (Exception failure) when (failure is TimeoutException or RedisException)
        {
            return false;
        }
        finally
        {
            _reading.Release();
        }
    }

    private async Task<(LogPosition Position, string Id, long ReachesBackTo, bool HasSeen)> LookAsync(string endedEpoch)
    {
        var answer = (RedisValue[])(await EvaluateAsync(Look, [], endedEpoch, _seenId))!;
        return (
            new LogPosition((long)answer[0], NumberOf((string)answer[1]!)),
            (string)answer[1]!,
            // Where it begins with its beginning, nothing was left out.
            answer[3] == "begin" ? 0 : NumberOf((string)answer[2]!),
            (long)answer[4] > 0);
    }

    private async Task<List<(long Number, Purge Purge)>> ReadFromAsync(long after)
    {
        var purges = new List<(long, Purge)>();
        var from = after == 0 ? "-" : $"({after >> SequenceBits}-{after & MaxSequence}";
        while (true)
        {
            var start = from;
            var page = (RedisResult[])(await _connection.CallAsync(
                database => database.ExecuteAsync("XRANGE", [keys.Purges, start, "+", "COUNT", "1000"]), options.PurgeTimeout))!;
            foreach (var item in page)
            {
                var (id, fields) = ((string)((RedisResult[])item!)[0]!, (RedisValue[])((RedisResult[])item!)[1]!);
                from = "(" + id;
                if (fields.Length == 8)
                {
                    purges.Add((NumberOf(id), new Purge((PurgeKind)(int)fields[1], (string)fields[3]!, (string)fields[5]!, fields[7] == "1")));
                }
            }

            if (page.Length < 1000)
            {
                return purges;
            }
        }
    }

    private Task<RedisResult> EvaluateAsync(string script, RedisKey[] more, string endedEpoch, params object[] values) => _connection.CallAsync(
        database => database.ScriptEvaluateAsync(
            script,
            [keys.Epoch, keys.Purges, .. more],
            [Random.Shared.NextInt64(), endedEpoch, (string)keys.Purged!, .. values.Select(value => (RedisValue)value.ToString())],
            CommandFlags.NoScriptCache),
        options.PurgeTimeout);

    /// <summary>The two parts of an id, as a script compares them.</summary>
    public static (long Time, long Sequence) PartsOf(long number) => (number >> SequenceBits, number & MaxSequence);

    private static DateTimeOffset TimeOf(long number) => DateTimeOffset.FromUnixTimeMilliseconds(number >> SequenceBits);
}
