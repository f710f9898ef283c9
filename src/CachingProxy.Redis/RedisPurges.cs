using System.Collections.Concurrent;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Stores;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace CachingProxy.Redis;

/// <summary>
/// The log of purges as a stream in Redis, which each node follows. A notification carries each new purge, and a slow poll reads the purges
/// whose notification was lost. If Redis has lost the stream, or has restored an older state of it, a new epoch begins, and every entry of
/// an earlier epoch is a miss on every node. Safe for any number of threads.
/// </summary>
internal sealed class RedisPurges : IDisposable
{
    // The largest number of purges whose entries are not removed from Redis yet, because a server of the cluster is down. Beyond this
    // number, one purge of everything takes their place.
    private const int MaxOpen = 10_000;

    private readonly Lock _lock = new();
    private readonly UntoldPurges _untold = new();
    private readonly ConcurrentDictionary<long, bool> _own = new();
    private readonly SemaphoreSlim _reading = new(1);
    private readonly SemaphoreSlim _telling = new(1);
    private readonly PurgeStream _stream;
    private readonly OpenPurges _open;
    private ConnectionMultiplexer? _subscribed;
    private volatile IPurgeSink? _sink;
    private LogPosition _seen;
    private int _isDue;
    private volatile byte[]? _secret;

    private readonly RedisKeys _keys;
    private readonly RedisConnection _connection;
    private readonly ILogger _logger;

    public RedisPurges(RedisKeys keys, RedisStoreOptions options, RedisConnection connection, ILogger logger)
    {
        (_keys, _connection, _logger) = (keys, connection, logger);
        _stream = new PurgeStream(keys, options, connection);
        _open = new OpenPurges(keys, options, connection, _stream);
    }

    /// <summary>The secret that all nodes share; null before Redis was reached.</summary>
    public byte[]? Secret => _secret;

    // The position of the last item that this node has read.
    private LogPosition Seen
    {
        get
        {
            lock (_lock)
            {
                return _seen;
            }
        }
        set
        {
            lock (_lock)
            {
                _seen = value;
            }
        }
    }

    /// <summary>Passes the existing purges to a sink, and from then on every new one.</summary>
    public async Task BeginAsync(IPurgeSink sink)
    {
        _sink = sink;
        await CatchUpAsync();
    }

    /// <summary>
    /// Exchanges purges after a connect or reconnect: reads the purges of Redis, and sends those of this node. No entry is read from Redis
    /// before both are done.
    /// </summary>
    /// <exception cref="TimeoutException">Redis does not answer, although it accepted the connection.</exception>
    public async Task OnUpAsync(ConnectionMultiplexer multiplexer)
    {
        if (_subscribed != multiplexer)
        {
            await multiplexer.GetSubscriber().SubscribeAsync(_keys.Purged, (_, told) => OnNotified(told));
            _subscribed = multiplexer;
        }

        _secret = await _stream.SecretAsync();
        if (await _connection.TryDeleteAsync(_keys.EarlierEpoch))
        {
            Log.EarlierVersion(_logger, _connection.Name);
        }

        if (!await CatchUpAsync())
        {
            throw new TimeoutException("The purges could not be read.");
        }
    }

    /// <summary>Appends a purge to the log. Returns its position, which is later than that of every earlier purge.</summary>
    /// <exception cref="PurgeNotPropagatedException">Redis does not answer; this node sends the purge later.</exception>
    public async Task<LogPosition> AppendAsync(Purge purge)
    {
        // Does not wait for Redis while Redis is known to be down.
        var held = PurgeStream.IsOfUrl(purge) ? _sink?.Hold(Seen) : null;
        if (_connection.IsUp && await TryAppendAsync(purge) is { } position)
        {
            _own[position.Number] = true;
            if (held is not null)
            {
                _open.Add(purge, position, held);
                await _open.CloseAsync(position.Number);
            }

            return position;
        }

        // Keeps the purge until Redis has it and its entries are removed: Redis may still hold these entries when it comes back.
        _untold.Add(purge, held);
        throw new PurgeNotPropagatedException("Redis does not answer.");
    }

    /// <summary>
    /// Starts to read new purges and to send those that could not be sent earlier. Waits for neither. Further calls before the reading
    /// begins do nothing.
    /// </summary>
    public void CatchUp()
    {
        if (Interlocked.Exchange(ref _isDue, 1) == 0)
        {
            _ = CatchUpAsync();
        }
    }

    /// <summary>Reads new purges, and sends those that could not be sent. Returns false where Redis does not answer.</summary>
    public async Task<bool> CatchUpAsync()
    {
        if (!await ReadAsync() || !await TellAsync())
        {
            return false;
        }

        await _open.CloseAsync();
        if (_open.Count > MaxOpen && await TryAppendAsync(Purge.All()) is not null && await ReadAsync())
        {
            _open.Clear();
        }

        return true;
    }

    public void Dispose()
    {
        _reading.Dispose();
        _telling.Dispose();
    }

    // Applies the purge of a notification at once: Redis may stop answering before the purge can be read in the stream.
    private void OnNotified(string? told)
    {
        if (PurgeStream.ReadNotification(told) is var (purge, position) && !_own.ContainsKey(position.Number))
        {
            _sink?.Apply(purge, position);
        }

        CatchUp();
    }

    private async Task<bool> TellAsync()
    {
        await _telling.WaitAsync();
        try
        {
            while (_untold.Next is { } purge)
            {
                // The purge is read back from the stream with its position, like a purge of another node.
                if (await TryAppendAsync(purge) is not { } position)
                {
                    return false;
                }

                if (_untold.Remove(purge) is { } held)
                {
                    _open.Add(purge, position, held);
                }
            }

            return true;
        }
        finally
        {
            _telling.Release();
        }
    }

    private async Task<LogPosition?> TryAppendAsync(Purge purge)
    {
        try
        {
            var position = await _stream.AppendAsync(purge);
            // A position in an epoch that this node does not know is of no use, so the node first reads the stream.
            return position.Epoch == Seen.Epoch || (await ReadAsync() && position.Epoch == Seen.Epoch) ? position : null;
        }
        catch (Exception failure)
            when (failure is TimeoutException or RedisException or InvalidCastException or FormatException or OverflowException)
        {
            return null;
        }
    }

    // Returns false if Redis does not answer; the next notification, poll or connection tries again.
    private async Task<bool> ReadAsync()
    {
        await _reading.WaitAsync();
        Volatile.Write(ref _isDue, 0);
        try
        {
            if (_sink is not { } sink)
            {
                return true;
            }

            var (last, reachesBackTo) = await _stream.LookAsync();
            var seen = Seen;
            if (last.Epoch != seen.Epoch || reachesBackTo > seen.Number)
            {
                if (seen != default)
                {
                    Log.EpochChanged(_logger);
                }

                var purges = await _stream.ReadFromAsync(0);
                var open = await _stream.ReadOpenAsync();
                _open.Clear();
                foreach (var (number, purge) in open)
                {
                    _open.Add(purge, last with { Number = number }, sink.Hold(last with { Number = number - 1 }));
                }

                sink.Load(
                    new JournalState(
                        last,
                        reachesBackTo,
                        [.. purges.Select(purge => (purge.Number, PurgeStream.TimeOf(purge.Number), purge.Purge))]
                    )
                );
                _own.Clear();
            }
            else
            {
                foreach (var (number, purge) in last.Number > seen.Number ? await _stream.ReadFromAsync(seen.Number) : [])
                {
                    if (_own.TryRemove(number, out _))
                    {
                        continue;
                    }

                    var position = new LogPosition(last.Epoch, number);
                    if (PurgeStream.IsOfUrl(purge))
                    {
                        _open.Add(purge, position, sink.Hold(seen));
                    }

                    sink.Apply(purge, position);
                }
            }

            Seen = last;
            foreach (var (number, _) in _own)
            {
                _ = number <= last.Number && _own.TryRemove(number, out _);
            }

            return true;
        }
        catch (Exception failure)
            when (failure is TimeoutException or RedisException or InvalidCastException or FormatException or OverflowException)
        {
            // Redis does not answer, or its answer is not a log of ours.
            return false;
        }
        finally
        {
            _reading.Release();
        }
    }
}
