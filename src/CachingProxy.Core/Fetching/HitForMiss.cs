using System.Collections.Concurrent;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Messages;

namespace CachingProxy.Core.Fetching;

/// <summary>
/// Remembers the URIs whose last response could not be shared. Requests for such a URI do not wait for each other until a response can be
/// shared again, or the URI expires. Safe for any number of threads.
/// </summary>
internal sealed class HitForMiss
{
    /// <summary>
    /// The largest number of URIs that are remembered. The number is checked at every 1,000th addition. If there are more, all URIs are
    /// forgotten, and some requests then wait needlessly.
    /// </summary>
    public const int MaxRemembered = 100_000;

    // The interval between sweeps that remove expired URIs.
    private const long SweepTicks = 30 * TimeSpan.TicksPerSecond;

    private readonly ConcurrentDictionary<(CacheKey, CachePartition), (DateTimeOffset Until, bool IsTooLarge)> _remembered = new();
    private long _sweptAt;
    private int _added;
    private long _uses;

    /// <summary>The number of requests that did not wait because their URI is remembered.</summary>
    public long Uses => Volatile.Read(ref _uses);

    /// <summary>The number of URIs that are remembered, including expired ones that are not removed yet.</summary>
    public int Remembered => _remembered.Count;

    // Stays true once a URI was added: to check whether the table is empty again would take all its locks.
    private bool HasAny => Volatile.Read(ref _sweptAt) != 0;

    /// <summary>If a request should not wait for another request's fetch, returns true and counts the request.</summary>
    public bool Contains(CacheRequest request, DateTimeOffset now)
    {
        if (!HasAny || !_remembered.TryGetValue((request.Key, request.Partition), out var known))
        {
            return false;
        }

        if (known.Until <= now)
        {
            Forget(request.Key, request.Partition);
            return false;
        }

        Interlocked.Increment(ref _uses);
        return true;
    }

    /// <summary>Tells whether <see cref="Contains"/> would be true for a request, without counting it.</summary>
    public bool Knows(CacheRequest request, DateTimeOffset now) =>
        HasAny && _remembered.TryGetValue((request.Key, request.Partition), out var known) && known.Until > now;

    /// <summary>
    /// Returns true if the last response for a URI exceeded the largest size that is stored. The next response of unknown length is then
    /// expected to exceed it, too.
    /// </summary>
    public bool IsTooLarge(CacheKey key, CachePartition partition, DateTimeOffset now) =>
        HasAny && _remembered.TryGetValue((key, partition), out var known) && known.IsTooLarge && known.Until > now;

    /// <summary>Remembers that the response for a URI cannot be shared.</summary>
    /// <param name="key">The URI.</param>
    /// <param name="partition">The partition of the requests that would have shared the response.</param>
    /// <param name="now">The present time.</param>
    /// <param name="span">How long to remember the URI.</param>
    /// <param name="isTooLarge">True if the response exceeded the largest size that is stored.</param>
    public void Remember(CacheKey key, CachePartition partition, DateTimeOffset now, TimeSpan span, bool isTooLarge)
    {
        _remembered[(key, partition)] = (now + span, isTooLarge);
        Sweep(now);
        // Counting takes every lock, so it is done only at every 1,000th addition.
        if (Interlocked.Increment(ref _added) % (MaxRemembered / 100) == 0 && _remembered.Count > MaxRemembered)
        {
            _remembered.Clear();
        }
    }

    /// <summary>Forgets a URI, so that requests for it wait for each other again.</summary>
    public void Forget(CacheKey key, CachePartition partition)
    {
        if (HasAny)
        {
            _remembered.TryRemove((key, partition), out _);
        }
    }

    // Removes expired URIs: a URI that nobody asks for again would otherwise stay until there are too many URIs.
    private void Sweep(DateTimeOffset now)
    {
        var last = Volatile.Read(ref _sweptAt);
        if (now.UtcTicks - last < SweepTicks || Interlocked.CompareExchange(ref _sweptAt, now.UtcTicks, last) != last)
        {
            return;
        }

        foreach (var known in _remembered)
        {
            _ = known.Value.Until <= now && _remembered.TryRemove(known);
        }
    }
}
