using CachingProxy.Core.Telemetry;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace CachingProxy.Redis;

/// <summary>
/// The connection to Redis, with limits of our own: each call has a timeout, the bytes of pending calls are bounded, and a server that
/// failed gets no calls until a probe in the background succeeds. In a cluster, a server that is down makes only its own slots unavailable,
/// unless it holds the log of purges: without the log no entry can be trusted. Safe for any number of threads.
/// </summary>
/// <remarks>
/// StackExchange.Redis checks its timeouts once in a heartbeat, which is too seldom for a request, so each call has a timeout of our own as
/// well. The bytes of a call that timed out count until the call has really ended. A reply that never completes blocks all later ones on
/// its connection, so a connection that fails a few probes in a row is replaced. With RESP3, where the server has it, calls and
/// notifications share one connection to each server.
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
    /// <param name="log">A key of the log of purges. While the server of this key is down, the tier is down too.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Receives a message for each change of state.</param>
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

    /// <summary>Tells whether calls are sent to Redis.</summary>
    public bool IsUp => _isUp;

    /// <summary>
    /// The number of calls that failed, timed out, or were not made (because Redis is down, or too many bytes are pending).
    /// </summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>Begins to connect.</summary>
    /// <param name="onUp">Runs each time Redis is found, before any other call is made.</param>
    public void Start(Func<ConnectionMultiplexer, Task> onUp) => _watching = Task.Run(() => WatchAsync(onUp));

    /// <summary>Waits for the first attempt to connect, for at most 1 second.</summary>
    /// <exception cref="RefusedServerException">The server cannot be used as it is configured.</exception>
    public async Task FirstAttemptAsync()
    {
        try
        {
            await _firstAttempt.Task.WaitAsync(ProbeTimeout, _time);
        }
        catch (TimeoutException)
        {
            // WatchAsync goes on in the background.
        }
    }

    /// <summary>
    /// Makes a call, and waits for its result up to a time limit. <c>IsDone</c> is false if the call was not made, failed, or timed out
    /// (and may still succeed).
    /// </summary>
    /// <param name="key">A key that the call uses; in a cluster it decides which server is asked.</param>
    /// <param name="call">The call.</param>
    /// <param name="bytes">The bytes that the call sends; 0 where they are few.</param>
    /// <param name="timeout">How long to wait; by default the timeout of the options.</param>
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

        // The bytes of a call count until it has really ended, even when its caller has stopped waiting.
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

    /// <summary>Makes a call even when Redis is thought to be down. For probes and the log of purges, not for client requests.</summary>
    /// <exception cref="RedisException">The call failed.</exception>
    /// <exception cref="TimeoutException">The call timed out, and may still succeed.</exception>
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

    /// <summary>Removes a key, even when Redis is thought to be down; false where the key is absent, or Redis refuses.</summary>
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
            // Redis answers, but refuses the call: full, read-only, loading. Logged at most once a minute.
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

    // Connects and probes in the background, so that no request has to find out whether Redis is back.
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
        // A reconnect may reach another server or an older copy, so onUp must run first.
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
