using System.Collections.Concurrent;
using CachingProxy.Core.Messages;

namespace CachingProxy.Core.Origins;

/// <summary>
/// Limits the exchanges with one origin at once, and the requests that wait for one of them to end. Each request waits for a limited time,
/// in the order of arrival. Safe for any number of threads.
/// </summary>
/// <param name="options">The limits.</param>
/// <param name="time">The clock.</param>
public sealed class OriginSlots(OriginLimits options, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Queue> _queues = new();
    private long _refused;

    /// <summary>The number of requests that were refused because too many waited, or they had waited for too long.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>The number of requests that wait for a slot now.</summary>
    public int Waiting => _queues.Sum(static queue => Volatile.Read(ref queue.Value.Waiting));

    /// <summary>
    /// The number of requests by which the busiest origin exceeds four fifths of its slots, including requests that wait for a slot.
    /// </summary>
    public int Excess => _queues.Select(static queue => queue.Value.Users).DefaultIfEmpty().Max() - (options.MaxExchanges * 4 / 5);

    /// <summary>The number of origins that have exchanges now, or requests that wait for one.</summary>
    internal int BusyOrigins => _queues.Count;

    /// <summary>Takes a slot for one exchange; disposing the slot frees it.</summary>
    /// <param name="authority">The origin.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <exception cref="OriginException">There is no room (<see cref="OriginError.Overloaded"/>).</exception>
    /// <exception cref="OperationCanceledException">The caller has given up.</exception>
    internal async ValueTask<IDisposable> TakeAsync(string authority, CancellationToken cancellation)
    {
        var queue = Enter(authority);
        try
        {
            if (!queue.Free.Wait(0, CancellationToken.None))
            {
                await WaitAsync(queue, cancellation);
            }

            return new Slot(this, authority, queue);
        }
        catch
        {
            Leave(authority, queue);
            throw;
        }
    }

    private async ValueTask WaitAsync(Queue queue, CancellationToken cancellation)
    {
        if (Interlocked.Increment(ref queue.Waiting) > options.MaxQueued)
        {
            Interlocked.Decrement(ref queue.Waiting);
            throw Refuse("Too many requests wait for the origin already.");
        }

        using var giveUp = new CancellationTokenSource(options.QueueTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(giveUp.Token, cancellation);
        try
        {
            await queue.Free.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw Refuse("The origin had no room for another request in time.");
        }
        finally
        {
            Interlocked.Decrement(ref queue.Waiting);
        }
    }

    private OriginException Refuse(string message)
    {
        Interlocked.Increment(ref _refused);
        return new OriginException(OriginError.Overloaded, message) { RetryAfter = TimeSpan.FromSeconds(1) };
    }

    // An empty queue is removed, so that an origin that was asked once leaves nothing behind.
    private Queue Enter(string authority)
    {
        while (true)
        {
            var queue = _queues.GetOrAdd(authority, static (_, max) => new Queue(max), options.MaxExchanges);
            lock (queue)
            {
                if (!queue.IsClosed)
                {
                    queue.Users++;
                    return queue;
                }
            }
        }
    }

    private void Leave(string authority, Queue queue)
    {
        lock (queue)
        {
            if (--queue.Users == 0)
            {
                queue.IsClosed = true;
                _queues.TryRemove(KeyValuePair.Create(authority, queue));
            }
        }
    }

    private sealed class Queue(int slots)
    {
        public int Waiting;

        // The semaphore is never disposed: it holds no resource unless its wait handle is used.
        public SemaphoreSlim Free { get; } = new(slots, slots);

        public int Users { get; set; }

        public bool IsClosed { get; set; }
    }

    private sealed class Slot(OriginSlots slots, string authority, Queue queue) : IDisposable
    {
        private int _isFree;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isFree, 1) == 0)
            {
                queue.Free.Release();
                slots.Leave(authority, queue);
            }
        }
    }
}
