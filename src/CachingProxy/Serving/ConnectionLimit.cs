using CachingProxy.Core.Telemetry;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Serving;

/// <summary>
/// Bounds the connections of clients. At the limit the connection that has been idle for longest makes room, so that idle connections keep
/// no client out. Where none is idle, a new connection waits until another has ended. Safe for any number of threads.
/// </summary>
/// <param name="max">How many connections there may be at once, at least 1; while one of them makes room, there may be one more.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Logs that the limit is reached, at most one line in 10 seconds.</param>
internal sealed partial class ConnectionLimit(int max, TimeProvider time, ILogger<ConnectionLimit> logger)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<ConnectionUse> _idle = new();
    private readonly LinkedList<ConnectionUse> _busy = new();
    private readonly Occasionally _tell = new(TimeSpan.FromSeconds(10), time);
    private TaskCompletionSource? _room;
    private bool _isStopping;
    private int _count;
    private long _shed;

    /// <summary>The number of idle connections that made room for others.</summary>
    public long Shed => Volatile.Read(ref _shed);

    /// <summary>The numbers of idle and of busy connections now.</summary>
    public (int Idle, int Busy) Counts
    {
        get
        {
            lock (_lock)
            {
                return (_idle.Count, _busy.Count);
            }
        }
    }

    /// <summary>
    /// The number of busy connections beyond four fifths of the limit; idle connections do not count, because they make room.
    /// </summary>
    public int Excess
    {
        get
        {
            lock (_lock)
            {
                return _busy.Count - (max * 4 / 5);
            }
        }
    }

    /// <summary>Returns the connections on which requests are being answered.</summary>
    public List<ConnectionUse> Busy()
    {
        lock (_lock)
        {
            return [.. _busy];
        }
    }

    /// <summary>Waits until the number of connections is within the limit.</summary>
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
        var use = new ConnectionUse(this, connection, time);
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
                Remove_NeedsLock(oldest);
                oldest.IsEnding = true;
                _shed++;
            }
        }

        oldest?.Abort("The connection makes room for another.");
        if (_tell.IsTime())
        {
            LogAtLimit(logger, max, Shed);
        }
    }

    /// <summary>Calls <paramref name="next"/>, which runs until the connection ends. Then takes the connection out of the count.</summary>
    public async Task AccompanyAsync(ConnectionUse use, Func<Task> next)
    {
        try
        {
            await next();
        }
        finally
        {
            Leave(use);
        }
    }

    /// <summary>Ends all waits for room: the server stops.</summary>
    public void StopWaiting()
    {
        lock (_lock)
        {
            _isStopping = true;
            _room?.TrySetResult();
        }
    }

    /// <summary>Notes that a request has come on a connection, which is now not cut to make room.</summary>
    public void OnBusy(ConnectionUse use)
    {
        lock (_lock)
        {
            Move_NeedsLock(use, _busy);
        }
    }

    /// <summary>Notes that the request is answered. The connection becomes the newest of the idle ones.</summary>
    public void OnIdle(ConnectionUse use)
    {
        lock (_lock)
        {
            Move_NeedsLock(use, _idle);
        }
    }

    private void Leave(ConnectionUse use)
    {
        lock (_lock)
        {
            use.IsEnding = true;
            Remove_NeedsLock(use);
            _count--;
            if (_count <= max)
            {
                _room?.TrySetResult();
                _room = null;
            }
        }
    }

    private static void Remove_NeedsLock(ConnectionUse use) => use.Place.List?.Remove(use.Place);

    private static void Move_NeedsLock(ConnectionUse use, LinkedList<ConnectionUse> to)
    {
        Remove_NeedsLock(use);
        if (!use.IsEnding)
        {
            to.AddLast(use.Place);
        }
    }

    [LoggerMessage(110, LogLevel.Warning, "All {Max} connections are taken; so far {Shed} idle ones made room for others")]
    private static partial void LogAtLimit(ILogger logger, int max, long shed);
}
