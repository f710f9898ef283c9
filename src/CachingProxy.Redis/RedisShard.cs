using System.Net;

namespace CachingProxy.Redis;

/// <summary>The state of one server, which decides whether calls are sent to it. Safe for any number of threads.</summary>
/// <param name="server">The server's address; null where there is no cluster.</param>
internal sealed class RedisShard(EndPoint? server)
{
    private const int MaxFailures = 3;

    private volatile bool _isDown;
    private int _failures;

    /// <summary>The address of the server; null where there is no cluster.</summary>
    public EndPoint? Server => server;

    /// <summary>Returns true if the server has this address, or if there is no cluster.</summary>
    public bool IsAt(EndPoint? address) => server is null || Equals(address, server);

    /// <summary>True if the server failed (3 times in a row, or with one timeout) and gets no calls until a probe succeeds.</summary>
    public bool IsDown => _isDown;

    /// <summary>Resets the number of failures after a call that was answered.</summary>
    public void OnAnswer() => Volatile.Write(ref _failures, 0);

    /// <summary>
    /// Counts a failed call; returns true if the server is now down. A single timeout is enough, so that later calls do not each wait for a
    /// timeout.
    /// </summary>
    public bool OnFailure(Exception failure)
    {
        if (Interlocked.Increment(ref _failures) < MaxFailures && failure is not TimeoutException)
        {
            return false;
        }

        _isDown = true;
        return true;
    }

    /// <summary>Marks the server as up again, after a probe that succeeded.</summary>
    public void OnFound()
    {
        Volatile.Write(ref _failures, 0);
        _isDown = false;
    }
}
