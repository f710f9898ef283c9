using System.Collections.Concurrent;

namespace CachingProxy.Core.Fetching;

/// <summary>
/// Knows the stored responses that are being refreshed, or were a moment ago: a refresh that came to nothing, or to nothing that is stored,
/// is not followed by another at once. Safe for any number of threads.
/// </summary>
internal sealed class RefreshPauses
{
    private const long PauseTicks = TimeSpan.TicksPerSecond;

    private readonly ConcurrentDictionary<long, long> _begunAt = new();
    private long _forgottenAt;

    /// <summary>
    /// Tells whether to refresh a response now: once, and again after a second. Of many who ask at once, one is told yes.
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

    // Once a pause, so that nothing stays.
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
