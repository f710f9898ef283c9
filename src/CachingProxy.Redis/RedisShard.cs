using System.Net;

namespace CachingProxy.Redis;

/// <summary>The state of one server: whether it is asked. Safe for any number of threads.</summary>
/// <param name="server">The server's address; null where there is no cluster.</param>
internal sealed class RedisShard(EndPoint? server)
{
    private const int MaxFailures = 3;

    private volatile bool _isDown;
    private int _failures;

    /// <summary>The address of the server; null for the one that is not part of a cluster.</summary>
    public EndPoint? Server => server;

    /// <summary>Tells whether the server is the one at an address; where there is no cluster, any is.</summary>
    public bool IsAt(EndPoint? address) => server is null || Equals(address, server);

    /// <summary>Tells whether the server failed so often that no call is made until a probe finds it back.</summary>
    public bool IsDown => _isDown;

    /// <summary>Counts a call that was answered.</summary>
    public void OnAnswer() => Volatile.Write(ref _failures, 0);

    /// <summary>
    /// Counts a failed call; returns true if the server is now down. A single timeout is enough, so that not every call waits for one in
    /// turn.
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

    /// <summary>Marks that a probe has found the server back.</summary>
    public void OnFound()
    {
        Volatile.Write(ref _failures, 0);
        _isDown = false;
    }
}
