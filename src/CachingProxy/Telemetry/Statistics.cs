using CachingProxy.Core.Keys;
using CachingProxy.Core.Telemetry;

namespace CachingProxy.Telemetry;

/// <summary>
/// Counts requests by their outcome, and remembers the URLs that went to the origin: at most <see cref="MaxUrls"/>, those that were not
/// asked for longest are forgotten first. Safe for any number of threads.
/// </summary>
internal sealed class Statistics : ICacheListener
{
    /// <summary>The largest number of URLs that are remembered.</summary>
    public const int MaxUrls = 10_000;

    // Longer ones would take much memory, and are hardly asked for again.
    private const int MaxTarget = 512;

    private readonly long[] _outcomes = new long[Enum.GetValues<RequestOutcome>().Length];
    private readonly Lock _lock = new();
    private Dictionary<CacheKey, MissedUrl> _new = [];
    private Dictionary<CacheKey, MissedUrl> _old = [];
    private long _bytes;
    private long _bytesFromCache;

    /// <summary>The bytes of content that were sent.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>The bytes of content that came from the cache.</summary>
    public long BytesFromCache => Volatile.Read(ref _bytesFromCache);

    /// <summary>Returns the number of requests with an outcome.</summary>
    public long CountOf(RequestOutcome outcome) => Volatile.Read(ref _outcomes[(int)outcome]);

    /// <summary>Returns what became of the last request for a URI that went to the origin; null where none is remembered.</summary>
    public MissedUrl? LastOf(CacheKey key)
    {
        lock (_lock)
        {
            return _new.GetValueOrDefault(key) ?? _old.GetValueOrDefault(key);
        }
    }

    /// <summary>Returns the URLs that went to the origin most often.</summary>
    public IReadOnlyList<MissedUrl> MostMissed(int count)
    {
        lock (_lock)
        {
            return [.. _new.Values.Concat(_old.Values).OrderByDescending(url => url.Count).Take(count)];
        }
    }

    /// <inheritdoc/>
    public void OnRequest(in RequestEvent request)
    {
        Interlocked.Increment(ref _outcomes[(int)request.Outcome]);
        Interlocked.Add(ref _bytes, request.Bytes);
        if (request.Outcome.IsFromCache())
        {
            Interlocked.Add(ref _bytesFromCache, request.Bytes);
        }

        if (WentToOrigin(request.Outcome) && request.Key is { } key && key.Target.Length <= MaxTarget)
        {
            Remember(key, request);
        }
    }

    private static bool WentToOrigin(RequestOutcome outcome) =>
        outcome is RequestOutcome.Miss or RequestOutcome.Revalidated or RequestOutcome.Bypass or RequestOutcome.Error;

    private void Remember(CacheKey key, in RequestEvent request)
    {
        lock (_lock)
        {
            var before = _new.GetValueOrDefault(key);
            if (before is null)
            {
                _old.Remove(key, out before);
                if (_new.Count >= MaxUrls / 2)
                {
                    (_old, _new) = (_new, []);
                }
            }

            _new[key] = new MissedUrl(key, (before?.Count ?? 0) + 1, request.Outcome, request.Reason, request.Duration, request.ReceivedAt);
        }
    }
}
