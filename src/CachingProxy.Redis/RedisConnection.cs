using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace CachingProxy.Redis;

/// <summary>
/// The connection to Redis, with limits that the client library has not: each call ends in time, what is on its way is bounded, and after
/// failures nobody asks until a probe beside the requests has found the server back. Safe for any number of threads.
/// </summary>
/// <remarks>
/// A call to a server that hangs never ends in StackExchange.Redis 1.2, and those behind it queue without bound. So each is waited for with
/// a limit; its bytes count until it has really ended; and a connection that has hung for long is replaced, which ends all of them.
/// </remarks>
internal sealed class RedisConnection : IAsyncDisposable
{
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TellInterval = TimeSpan.FromMinutes(1);
    private const int MaxFailures = 3;
    private const int MaxPending = 1024;
    private const int MaxFailedProbes = 10;

    private readonly RedisStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _closing = new();
    private Task _watching = Task.CompletedTask;
    private volatile ConnectionMultiplexer? _multiplexer;
    private volatile bool _isUp;
    private volatile bool _isToldLost;
    private int _failures;
    private long _pendingBytes;
    private int _pending;
    private long _refused;
    private long _toldAt;

    public RedisConnection(RedisStoreOptions options, TimeProvider time, ILogger logger)
    {
        _options = options;
        _time = time;
        _logger = logger;
    }

    /// <summary>Begins to connect.</summary>
    /// <param name="onUp">What is to be done before the connection is used, each time it is there.</param>
    public void Start(Func<ConnectionMultiplexer, Task> onUp) => _watching = Task.Run(() => WatchAsync(onUp));

    /// <summary>Whether calls are made at all.</summary>
    public bool IsUp => _isUp;

    /// <summary>How many calls failed, were too late, or were not made because too much was on its way.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>Makes a call and waits for it within the usual limit. False where it was not made, failed, or was too late, and may happen yet.</summary>
    public ValueTask<(bool IsDone, T Value)> TryAsync<T>(Func<IDatabase, Task<T>> call, long bytes = 0) => TryAsync(call, bytes, _options.Timeout);

    /// <summary>The same with another limit.</summary>
    public async ValueTask<(bool IsDone, T Value)> TryAsync<T>(Func<IDatabase, Task<T>> call, long bytes, TimeSpan timeout)
    {
        if (!_isUp || _multiplexer is not { } multiplexer || !TryTake(bytes))
        {
            Interlocked.Increment(ref _refused);
            return (false, default!);
        }

        Task<T> running;
        try
        {
            running = call(multiplexer.GetDatabase(_options.Database));
        }
        catch (Exception failure) when (IsFailure(failure))
        {
            GiveBack(bytes);
            OnFailure(failure);
            return (false, default!);
        }

        // Its bytes are on their way until it has really ended, however long anybody waits.
        _ = running.ContinueWith(
            ended =>
            {
                _ = ended.Exception;
                GiveBack(bytes);
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        try
        {
            var value = await running.WaitAsync(timeout, _time);
            Volatile.Write(ref _failures, 0);
            return (true, value);
        }
        catch (Exception failure) when (IsFailure(failure))
        {
            OnFailure(failure);
            return (false, default!);
        }
    }

    /// <summary>Makes a call whether the server was up or not, as a probe does; for what is no request's.</summary>
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

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _watching;
        Drop();
        _closing.Dispose();
    }

    private static bool IsFailure(Exception failure) =>
        failure is RedisException or TimeoutException or ObjectDisposedException or OperationCanceledException or System.Net.Sockets.SocketException or AggregateException;

    private bool TryTake(long bytes)
    {
        if (Interlocked.Increment(ref _pending) <= MaxPending)
        {
            if (Interlocked.Add(ref _pendingBytes, bytes) <= _options.MaxPendingBytes)
            {
                return true;
            }

            Interlocked.Add(ref _pendingBytes, -bytes);
        }

        Interlocked.Decrement(ref _pending);
        return false;
    }

    private void GiveBack(long bytes)
    {
        Interlocked.Add(ref _pendingBytes, -bytes);
        Interlocked.Decrement(ref _pending);
    }

    private void OnFailure(Exception failure)
    {
        Interlocked.Increment(ref _refused);
        if (failure is RedisServerException)
        {
            // It answers, and will not: full, read-only, loading. Said once in a while, however often it does.
            var (now, last) = (_time.GetTimestamp(), Volatile.Read(ref _toldAt));
            if ((last == 0 || _time.GetElapsedTime(last, now) > TellInterval) && Interlocked.CompareExchange(ref _toldAt, now, last) == last)
            {
                Log.Refused(_logger, _options.Host, _options.Port, failure.Message);
            }

            return;
        }

        // A limit is waited for once, and not by each in turn.
        if ((Interlocked.Increment(ref _failures) >= MaxFailures || failure is TimeoutException) && _isUp)
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
            Log.Lost(_logger, _options.Host, _options.Port, failure is RedisConnectionException { FailureType: var type } ? type.ToString() : failure.Message);
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
                if (!_isUp || failedProbes > 0)
                {
                    await _multiplexer.GetDatabase(_options.Database).PingAsync().WaitAsync(ProbeTimeout, _time, _closing.Token);
                }

                failedProbes = 0;
                if (!_isUp)
                {
                    await onUp(_multiplexer).WaitAsync(ProbeTimeout * 10, _time, _closing.Token);
                    Volatile.Write(ref _failures, 0);
                    _isUp = true;
                    _isToldLost = false;
                    Log.Found(_logger, _options.Host, _options.Port);
                }
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

            try
            {
                await Task.Delay(ProbeInterval, _time, _closing.Token);
            }
            catch (OperationCanceledException)
            {
            }
        }
    }

    private async Task<ConnectionMultiplexer> ConnectAsync()
    {
        var configuration = new ConfigurationOptions
        {
            AbortOnConnectFail = false,
            ConnectTimeout = 1000,
            SyncTimeout = 1000,
            KeepAlive = 5,
            ConnectRetry = 1,
            ClientName = "caching-proxy",
            Password = _options.Password,
            Ssl = _options.UseTls,
            SslHost = _options.UseTls ? _options.Host : null,
            ReconnectRetryPolicy = new ExponentialRetry(250, 2000),
        };
        configuration.EndPoints.Add(_options.Host, _options.Port);
        var multiplexer = await ConnectionMultiplexer.ConnectAsync(configuration);
        // Whatever is there afterwards may be another server, or an older copy: it is looked at first.
        multiplexer.ConnectionFailed += (_, failed) =>
        {
            if (failed.ConnectionType == ConnectionType.Interactive)
            {
                _isUp = false;
            }
        };
        return multiplexer;
    }

    // Ends all calls that hang, and frees what is queued behind them.
    private void Drop()
    {
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
