using System.Collections.Concurrent;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Messages;

namespace CachingProxy.Core.Fetching;

/// <summary>
/// The URIs whose last response nobody else could use: requests for them do not wait for each other, until a response
/// can be shared again or the time is over (hit-for-miss). Safe for any number of threads.
/// </summary>
internal sealed class HitForMiss
{
    /// <summary>After how many it is looked whether too many are remembered: never more than one and a half times as many are. All are forgotten then, which costs some waiting.</summary>
    public const int MaxRemembered = 100_000;

    private readonly ConcurrentDictionary<(CacheKey, CachePartition), (DateTimeOffset Until, bool IsTooLarge)> _remembered = new();
    private int _added;
    private long _uses;

    /// <summary>How many requests did not wait because of it.</summary>
    public long Uses => Volatile.Read(ref _uses);

    // Once there was one, every miss looks: to know that there is none again would take every lock.
    private bool HasAny => Volatile.Read(ref _added) != 0;

    /// <summary>Whether a request had better not wait for another.</summary>
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

    /// <summary>Whether the last response for a URI grew larger than what is stored, so that the next of unknown length will too.</summary>
    public bool IsTooLarge(CacheKey key, CachePartition partition, DateTimeOffset now) =>
        HasAny && _remembered.TryGetValue((key, partition), out var known) && known.IsTooLarge && known.Until > now;

    /// <summary>Nobody else can use the response for a URI.</summary>
    public void Remember(CacheKey key, CachePartition partition, DateTimeOffset until, bool isTooLarge)
    {
        _remembered[(key, partition)] = (until, isTooLarge);
        if (Interlocked.Increment(ref _added) % MaxRemembered == 0 && _remembered.Count > MaxRemembered / 2)
        {
            _remembered.Clear();
        }
    }

    /// <summary>Others can use it.</summary>
    public void Forget(CacheKey key, CachePartition partition)
    {
        if (HasAny)
        {
            _remembered.TryRemove((key, partition), out _);
        }
    }
}
