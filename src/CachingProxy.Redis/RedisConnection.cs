using CachingProxy.Core.Telemetry;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace CachingProxy.Redis;

/// <summary>
/// The connection to Redis, with limits of ours: each call ends in time, what is on its way is bounded, and after failures nobody asks a
/// server until a probe beside the requests has found it back. In a cluster one server that is down costs its slots alone, unless it has
/// the log of purges: without that, nothing that is read can be trusted. Safe for any number of threads.
/// </summary>
/// <remarks>
/// StackExchange.Redis looks at its own limits once in a heartbeat, too seldom for a request to wait for, so each call is waited for with a
/// limit; its bytes count until it has really ended. A reply that never becomes whole holds up all that come after it on the same
/// connection, so that one which has not answered a few probes is replaced. RESP3 where the server has it: calls and notifications share
/// one connection to each server.
/// </remarks>
internal sealed class RedisConnection : IAsyncDisposable
{
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(1);
    private const int MaxFailedProbes = 5;

    private readonly RedisStoreOptions _options;
    private readonly RedisKey _log;
    private readonly TimeProvider _time;
    private readonly Occasionally _tellRefusal;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _closing = new();
    private readonly TaskCompletionSource _firstAttempt = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PendingCalls _pending;
    private readonly RedisShards _shards;
    private Task _watching = Task.CompletedTask;
    private volatile ConnectionMultiplexer? _multiplexer;
    private volatile bool _isUp;
    private volatile bool _isToldLost;
    private long _refused;

    /// <param name="options">Where Redis is.</param>
    /// <param name="log">A key of the log of purges: without its server there is no tier.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">For what becomes of it.</param>
    public RedisConnection(RedisStoreOptions options, RedisKey log, TimeProvider time, ILogger logger)
    {
        _options = options;
        _log = log;
        _shards = new RedisShards(options.Database, time);
        _pending = new PendingCalls(options.MaxPendingBytes);
        _time = time;
        _tellRefusal = new Occasionally(TimeSpan.FromMinutes(1), time);
        _logger = logger;
        Name = string.Join(", ", options.Servers.Select(server => $"{server.Host}:{server.Port}"));
    }

    /// <summary>The address of Redis, for messages.</summary>
    public string Name { get; }

    /// <summary>Tells whether calls are made at all.</summary>
    public bool IsUp => _isUp;

    /// <summary>The number of calls that failed, were too late, or were not made because too much was on its way.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>Begins to connect.</summary>
    /// <param name="onUp">What is to be done before the connection is used, each time it is there.</param>
    public void Start(Func<ConnectionMultiplexer, Task> onUp) => _watching = Task.Run(() => WatchAsync(onUp));

    /// <summary>Waits for the first attempt to connect, for a moment.</summary>
    /// <exception cref="RefusedServerException">The server cannot be used as it is configured.</exception>
    public async Task FirstAttemptAsync()
    {
        try
        {
            await _firstAttempt.Task.WaitAsync(ProbeTimeout, _time);
        }
        catch (TimeoutException)
        {
            // The watch looks for it beside the requests.
        }
    }

    /// <summary>
    /// Makes a call and waits for it within a limit. False where it was not made, failed, or was too late, and may happen yet.
    /// </summary>
    /// <param name="key">The key that it is about.</param>
    /// <param name="call">The call.</param>
    /// <param name="bytes">How many bytes it sends, where those are many.</param>
    /// <param name="timeout">How long to wait; by default as long as a request does.</param>
    public async ValueTask<(bool IsDone, T Value)> TryAsync<T>(
        RedisKey key,
        Func<IDatabase, Task<T>> call,
        long bytes = 0,
        TimeSpan? timeout = null
    )
    {
        var shard = _shards.Of(key);
        if (!_isUp || shard.IsDown || _multiplexer is not { } multiplexer || !_pending.TryTake(bytes))
        {
            Interlocked.Increment(ref _refused);
            return (false, default!);
        }

        Task<T> running;
        try
        {
            running = call(multiplexer.GetDatabase(_options.Database));
        }
        catch (Exception failure) when (RedisClient.IsFailure(failure))
        {
            _pending.GiveBack(bytes);
            OnFailure(shard, failure);
            return (false, default!);
        }

        // The bytes of a call are on their way until it has really ended, however long anybody waits.
        _ = running.ContinueWith(
            ended =>
            {
                _ = ended.Exception;
                _pending.GiveBack(bytes);
            },
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
        try
        {
            var value = await running.WaitAsync(timeout ?? _options.Timeout, _time);
            shard.OnAnswer();
            return (true, value);
        }
        catch (Exception failure) when (RedisClient.IsFailure(failure))
        {
            OnFailure(shard, failure);
            return (false, default!);
        }
    }

    /// <summary>Makes a call about the log whether the server was up or not, as a probe does; for what is no request's.</summary>
    /// <exception cref="RedisException">It failed.</exception>
    /// <exception cref="TimeoutException">It was too late, and may happen yet.</exception>
    public async Task<T> CallAsync<T>(Func<IDatabase, Task<T>> call, TimeSpan timeout)
    {
        var multiplexer = _multiplexer ?? throw new TimeoutException("There is no connection.");
        try
        {
            return await call(multiplexer.GetDatabase(_options.Database)).WaitAsync(timeout, _time);
        }
        catch (Exception failure) when (failure is ObjectDisposedException or OperationCanceledException)
        {
            throw new TimeoutException("The connection has ended.", failure);
        }
    }

    /// <summary>Removes a key, whether the server was up or not; false where it is not there, or may not be touched.</summary>
    public async Task<bool> TryDeleteAsync(RedisKey key)
    {
        try
        {
            return await CallAsync(database => database.KeyDeleteAsync(key), ProbeTimeout);
        }
        catch (RedisServerException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _watching;
        Drop();
        _closing.Dispose();
    }

    private void OnFailure(RedisShard shard, Exception failure)
    {
        Interlocked.Increment(ref _refused);
        if (failure is RedisServerException)
        {
            // Redis answers, and will not: full, read-only, loading. Said once in a while, however often that happens.
            if (_tellRefusal.IsTime())
            {
                Log.Refused(_logger, Name, failure.Message);
            }

            return;
        }

        if (shard.OnFailure(failure) && shard == _shards.Of(_log) && _isUp)
        {
            OnLost(failure);
        }
    }

    private void OnLost(Exception failure)
    {
        _isUp = false;
        if (!_isToldLost)
        {
            _isToldLost = true;
            Log.Lost(_logger, Name, failure is RedisConnectionException { FailureType: var type } ? type.ToString() : failure.Message);
        }
    }

    // Beside the requests, so that none of them is the probe.
    private async Task WatchAsync(Func<ConnectionMultiplexer, Task> onUp)
    {
        var failedProbes = 0;
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                _multiplexer ??= await ConnectAsync();
                _shards.Learn(_multiplexer);
                if (!_isUp || failedProbes > 0)
                {
                    await _multiplexer
                        .GetDatabase(_options.Database)
                        .ExecuteAsync("EXISTS", [_log])
                        .WaitAsync(ProbeTimeout, _time, _closing.Token);
                }

                failedProbes = 0;
                if (!_isUp)
                {
                    await onUp(_multiplexer).WaitAsync(ProbeTimeout * 10, _time, _closing.Token);
                    _shards.Of(_log).OnFound();
                    _isUp = true;
                    _isToldLost = false;
                    Log.Found(_logger, Name);
                }

                await _shards.ProbeAsync(_multiplexer, ProbeTimeout, _closing.Token);
            }
            catch (RefusedServerException refused)
            {
                Log.NotUsed(_logger, Name, refused.Message);
                _firstAttempt.TrySetException(refused);
                Drop();
                return;
            }
            catch (Exception failure)
            {
                if (!_closing.IsCancellationRequested)
                {
                    OnLost(failure);
                }

                if (++failedProbes >= MaxFailedProbes)
                {
                    failedProbes = 0;
                    Drop();
                }
            }

            _firstAttempt.TrySetResult();
            try
            {
                await Task.Delay(ProbeInterval, _time, _closing.Token);
            }
            catch (OperationCanceledException) { }
        }
    }

    private async Task<ConnectionMultiplexer> ConnectAsync()
    {
        var multiplexer = await ConnectionMultiplexer.ConnectAsync(RedisClient.Configure(_options));
        // Whatever is there afterwards may be another server, or an older copy: it is looked at first.
        multiplexer.ConnectionFailed += (_, failed) =>
        {
            if (failed.ConnectionType == ConnectionType.Interactive && _shards.Of(_log).IsAt(failed.EndPoint))
            {
                _isUp = false;
            }
        };
        return multiplexer;
    }

    // Ends all calls that hang, and frees what is queued behind them.
    private void Drop()
    {
        _isUp = false;
        _shards.Forget();
        if (Interlocked.Exchange(ref _multiplexer, null) is { } multiplexer)
        {
            _ = Task.Run(() =>
            {
                multiplexer.Close(allowCommandsToComplete: false);
                multiplexer.Dispose();
            });
        }
    }
}
