using System.Collections.Concurrent;

namespace CachingProxy.Core.Fetching;

/// <summary>
/// Limits refreshes to one a second for each stored response. Without the limit, a refresh that fails, or whose response is not stored,
/// would be followed by another at once. Safe for any number of threads.
/// </summary>
internal sealed class RefreshPauses
{
    private const long PauseTicks = TimeSpan.TicksPerSecond;

    private readonly ConcurrentDictionary<long, long> _begunAt = new();
    private long _forgottenAt;

    /// <summary>
    /// Tells whether to refresh a response now. Returns true at most once a second for each response, however many callers ask at once.
    /// </summary>
    public bool TryBegin(long serial, DateTimeOffset now)
    {
        var begins = _begunAt.TryGetValue(serial, out var last)
            ? now.UtcTicks - last >= PauseTicks && _begunAt.TryUpdate(serial, now.UtcTicks, last)
            : _begunAt.TryAdd(serial, now.UtcTicks);
        if (begins)
        {
            Forget(now);
        }

        return begins;
    }

    // Removes the responses whose pause has ended, at most once a second.
    private void Forget(DateTimeOffset now)
    {
        var last = Volatile.Read(ref _forgottenAt);
        if (now.UtcTicks - last < PauseTicks || Interlocked.CompareExchange(ref _forgottenAt, now.UtcTicks, last) != last)
        {
            return;
        }

        foreach (var begun in _begunAt)
        {
            _ = now.UtcTicks - begun.Value >= PauseTicks && _begunAt.TryRemove(begun);
        }
    }
}
