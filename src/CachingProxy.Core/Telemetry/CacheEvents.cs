namespace CachingProxy.Core.Telemetry;

/// <summary>
/// Passes events on to those who listen. Callers check <see cref="IsObserved"/> before they report, so that events that nobody listens to
/// cost nothing. Safe for any number of threads.
/// </summary>
public sealed class CacheEvents
{
    private readonly Lock _lock = new();
    private volatile ICacheListener[] _listeners = [];

    /// <summary>Tells whether anybody listens.</summary>
    public bool IsObserved => _listeners.Length > 0;

    /// <summary>Adds a listener. Disposing the returned object removes the listener.</summary>
    public IDisposable Add(ICacheListener listener)
    {
        ArgumentNullException.ThrowIfNull(listener);
        lock (_lock)
        {
            _listeners = [.. _listeners, listener];
        }

        return new Subscription(this, listener);
    }

    /// <summary>Reports a request.</summary>
    public void Report(in RequestEvent request)
    {
        foreach (var listener in _listeners)
        {
            listener.OnRequest(request);
        }
    }

    /// <summary>Reports a fill.</summary>
    public void Report(in FillEvent fill)
    {
        foreach (var listener in _listeners)
        {
            listener.OnFill(fill);
        }
    }

    /// <summary>Reports a purge.</summary>
    public void Report(in PurgeEvent purge)
    {
        foreach (var listener in _listeners)
        {
            listener.OnPurge(purge);
        }
    }

    private void Remove(ICacheListener listener)
    {
        lock (_lock)
        {
            _listeners = [.. _listeners.Where(other => !ReferenceEquals(other, listener))];
        }
    }

    private sealed class Subscription(CacheEvents events, ICacheListener listener) : IDisposable
    {
        public void Dispose() => events.Remove(listener);
    }
}
