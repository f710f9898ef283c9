using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Serving;

/// <summary>
/// Bounds the connections of clients. At the limit the one makes room that has been idle for longest, so that connections on which nobody asks for anything
/// keep nobody out; where none is idle, whoever comes waits until one has ended. Safe for any number of threads.
/// </summary>
/// <param name="max">How many there may be at once, 1 or more; while one makes room, one more.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Learns that the limit is reached.</param>
internal sealed partial class ConnectionLimit(int max, TimeProvider time, ILogger<ConnectionLimit> logger)
{
    private static readonly TimeSpan TellInterval = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly LinkedList<ConnectionUse> _idle = new();
    private TaskCompletionSource? _room;
    private bool _isStopping;
    private int _count;
    private long _shed;
    private long _toldAt;

    /// <summary>How many idle connections made room for others.</summary>
    public long Shed => Volatile.Read(ref _shed);

    /// <summary>Waits until there are no more connections than there may be.</summary>
    public Task UntilThereIsRoomAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (_count <= max || _isStopping)
            {
                return Task.CompletedTask;
            }

            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _room.Task.WaitAsync(cancellation);
        }
    }

    /// <summary>Counts a connection that was accepted; where it is one too many, an idle one makes room.</summary>
    public void Enter(ConnectionContext connection)
    {
        var use = new ConnectionUse(this, connection);
        connection.Features.Set(use);
        bool isFull;
        lock (_lock)
        {
            isFull = ++_count > max;
        }

        if (isFull)
        {
            MakeRoom();
        }

        OnIdle(use);
    }

    /// <summary>Cuts the connection that has been idle for longest, if one is.</summary>
    public void MakeRoom()
    {
        ConnectionUse? oldest;
        lock (_lock)
        {
            oldest = _idle.First?.Value;
            if (oldest is not null)
            {
                RemoveFromIdle_NeedsLock(oldest);
                oldest.IsEnding = true;
                _shed++;
            }
        }

        oldest?.Abort();
        Tell();
    }

    /// <summary>Accompanies a connection to its end.</summary>
    public async Task AccompanyAsync(ConnectionContext connection, Func<Task> next)
    {
        try
        {
            await next();
        }
        finally
        {
            if (connection.Features.Get<ConnectionUse>() is { } use)
            {
                Leave(use);
            }
        }
    }

    /// <summary>Nobody waits for room any more: the server stops.</summary>
    public void StopWaiting()
    {
        lock (_lock)
        {
            _isStopping = true;
            _room?.TrySetResult();
        }
    }

    /// <summary>A request has come on a connection: it makes no room now.</summary>
    public void OnBusy(ConnectionUse use)
    {
        lock (_lock)
        {
            RemoveFromIdle_NeedsLock(use);
        }
    }

    /// <summary>The request is answered: of the idle ones the connection is the newest.</summary>
    public void OnIdle(ConnectionUse use)
    {
        lock (_lock)
        {
            if (!use.IsEnding)
            {
                use.Idle ??= _idle.AddLast(use);
            }
        }
    }

    private void Leave(ConnectionUse use)
    {
        lock (_lock)
        {
            use.IsEnding = true;
            RemoveFromIdle_NeedsLock(use);
            _count--;
            if (_count <= max)
            {
                _room?.TrySetResult();
                _room = null;
            }
        }
    }

    private void RemoveFromIdle_NeedsLock(ConnectionUse use)
    {
        if (use.Idle is { } node)
        {
            _idle.Remove(node);
            use.Idle = null;
        }
    }

    private void Tell()
    {
        var (now, last) = (time.GetTimestamp(), Volatile.Read(ref _toldAt));
        if ((last == 0 || time.GetElapsedTime(last, now) > TellInterval) && Interlocked.CompareExchange(ref _toldAt, now, last) == last)
        {
            LogAtLimit(logger, max, Shed);
        }
    }

    [LoggerMessage(110, LogLevel.Warning, "All {Max} connections are taken; so far {Shed} idle ones made room for others")]
    private static partial void LogAtLimit(ILogger logger, int max, long shed);
}
