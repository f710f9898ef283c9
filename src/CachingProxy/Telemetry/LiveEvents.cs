using System.Threading.Channels;
using CachingProxy.Core.Telemetry;

namespace CachingProxy.Telemetry;

/// <summary>
/// Passes requests on to those who watch them live. A watcher that is too slow is let go, and told so; while nobody watches, nothing is
/// done. Safe for any number of threads.
/// </summary>
/// <param name="events">Where the requests are told.</param>
internal sealed class LiveEvents(CacheEvents events) : ICacheListener
{
    /// <summary>The largest number of watchers at once.</summary>
    public const int MaxWatchers = 20;

    /// <summary>The largest number of requests that wait for one watcher.</summary>
    public const int MaxQueued = 1024;

    private readonly Lock _lock = new();
    private volatile Watcher[] _watchers = [];
    private IDisposable? _subscription;

    /// <summary>Begins to watch; null where too many do. Disposing of the watcher ends it.</summary>
    public Watcher? Watch()
    {
        lock (_lock)
        {
            if (_watchers.Length >= MaxWatchers)
            {
                return null;
            }

            var watcher = new Watcher(this);
            _watchers = [.. _watchers, watcher];
            _subscription ??= events.Add(this);
            return watcher;
        }
    }

    /// <inheritdoc/>
    public void OnRequest(in RequestEvent request)
    {
        foreach (var watcher in _watchers)
        {
            watcher.Offer(request);
        }
    }

    private void Remove(Watcher watcher)
    {
        lock (_lock)
        {
            _watchers = [.. _watchers.Where(other => other != watcher)];
            if (_watchers.Length == 0)
            {
                _subscription?.Dispose();
                _subscription = null;
            }
        }
    }

    /// <summary>One who watches.</summary>
    internal sealed class Watcher(LiveEvents events) : IDisposable
    {
        private readonly Channel<RequestEvent> _queue = Channel.CreateBounded<RequestEvent>(
            new BoundedChannelOptions(MaxQueued) { SingleReader = true }
        );

        /// <summary>The requests; the queue ends where the watcher was too slow.</summary>
        public ChannelReader<RequestEvent> Requests => _queue.Reader;

        /// <summary>Queues a request. Where the queue is full, it ends.</summary>
        public void Offer(in RequestEvent request)
        {
            if (!_queue.Writer.TryWrite(request))
            {
                _queue.Writer.TryComplete();
            }
        }

        /// <inheritdoc/>
        public void Dispose() => events.Remove(this);
    }
}
