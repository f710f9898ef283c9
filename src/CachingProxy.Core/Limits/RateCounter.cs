using CachingProxy.Core.Entries;

namespace CachingProxy.Core.Limits;

/// <summary>
/// Counts on this node. Remembers at most <see cref="MaxKeys"/> keys; those that were not used for longest are forgotten first, and a
/// forgotten key begins anew. Safe for any number of threads.
/// </summary>
/// <param name="time">The clock.</param>
public sealed class RateCounter(TimeProvider time) : IRateCounter
{
    /// <summary>The largest number of keys that are remembered.</summary>
    public const int MaxKeys = 100_000;

    private readonly SteadyClock _clock = new(time);
    private readonly Lock _lock = new();

    // Two halves: where the new one is full, it becomes the old one, and whatever was not used since then is forgotten.
    private Dictionary<string, History> _new = [];
    private Dictionary<string, History> _old = [];

    /// <summary>The number of keys that are remembered now.</summary>
    public int Keys
    {
        get
        {
            lock (_lock)
            {
                return _new.Count + _old.Count;
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<RateDecision?> TryTakeAsync(string key, IReadOnlyList<RateLimit> limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        lock (_lock)
        {
            return new(
                limits.Count == 0 && !_new.ContainsKey(key) && !_old.ContainsKey(key)
                    ? RateDecision.Unlimited
                    : Find_NeedsLock(key).TryTake(_clock.Now.UtcTicks, limits)
            );
        }
    }

    /// <inheritdoc/>
    public ValueTask HoldAsync(string key, TimeSpan time)
    {
        lock (_lock)
        {
            var history = Find_NeedsLock(key);
            history.HeldUntil = Math.Max(history.HeldUntil, _clock.Now.UtcTicks + time.Ticks);
        }

        return ValueTask.CompletedTask;
    }

    private History Find_NeedsLock(string key)
    {
        if (_new.TryGetValue(key, out var history))
        {
            return history;
        }

        if (!_old.Remove(key, out history))
        {
            history = new History();
        }

        if (_new.Count >= MaxKeys / 2)
        {
            (_old, _new) = (_new, []);
        }

        _new.Add(key, history);
        return history;
    }
}
