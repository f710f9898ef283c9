namespace CachingProxy.Core.Limits;

/// <summary>The moments of the last events of one key, as many as its limits look back to. For one thread at a time.</summary>
internal sealed class History
{
    private const int FirstCapacity = 8;

    private long[] _moments = [];
    private int _next;
    private int _count;

    /// <summary>The moment until which nothing is permitted.</summary>
    public long HeldUntil { get; set; }

    /// <summary>Adds an event if all limits permit it.</summary>
    /// <param name="now">The present moment, in ticks.</param>
    /// <param name="limits">The limits, the same ones each time.</param>
    public RateDecision TryTake(long now, IReadOnlyList<RateLimit> limits)
    {
        var wait = Math.Max(0, HeldUntil - now);
        foreach (var limit in limits)
        {
            wait = Math.Max(wait, WaitFor(limit, now));
        }

        if (wait == 0)
        {
            Add(now, limits);
        }

        // Reset: the time until the oldest event in the window leaves it.
        var nearest = (Limit: (RateLimit?)null, Remaining: int.MaxValue, Reset: 0L);
        foreach (var limit in limits)
        {
            var used = CountSince(now - limit.Window.Ticks, limit.Count);
            if (limit.Count - used < nearest.Remaining)
            {
                nearest = (limit, limit.Count - used, used == 0 ? 0 : MomentOf(used) + limit.Window.Ticks - now);
            }
        }

        return new RateDecision(wait == 0, TimeSpan.FromTicks(wait), nearest.Limit, nearest.Remaining, TimeSpan.FromTicks(nearest.Reset));
    }

    // Adds an event. The limits have permitted it.
    private void Add(long now, IReadOnlyList<RateLimit> limits)
    {
        var max = MaxOf(limits);
        if (max == 0)
        {
            return;
        }

        // A moment that no window looks back to makes room for the new one.
        if (_count == _moments.Length && _count < max && (_count == 0 || MomentOf(_count) > now - LongestOf(limits)))
        {
            Grow(max);
        }

        _moments[_next] = now;
        _next = (_next + 1) % _moments.Length;
        _count = Math.Min(_count + 1, _moments.Length);
    }

    private static int MaxOf(IReadOnlyList<RateLimit> limits)
    {
        var max = 0;
        foreach (var limit in limits)
        {
            max = Math.Max(max, limit.Count);
        }

        return max;
    }

    private static long LongestOf(IReadOnlyList<RateLimit> limits)
    {
        long longest = 0;
        foreach (var limit in limits)
        {
            longest = Math.Max(longest, limit.Window.Ticks);
        }

        return longest;
    }

    // The event before which a limit permits none has to be a window old.
    private long WaitFor(RateLimit limit, long now) =>
        _count < limit.Count ? 0 : Math.Max(0, MomentOf(limit.Count) + limit.Window.Ticks - now);

    // The moments are in order: of the last ones, the number after a moment is found by halves.
    private int CountSince(long moment, int max)
    {
        var (low, high) = (0, Math.Min(max, _count));
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = MomentOf(middle) > moment ? (middle, high) : (low, middle - 1);
        }

        return low;
    }

    // 1 is the last event.
    private long MomentOf(int back) => _moments[(_next - back + _moments.Length) % _moments.Length];

    private void Grow(int max)
    {
        var grown = new long[Math.Min(max, Math.Max(FirstCapacity, _moments.Length * 2))];
        for (var i = 0; i < _count; i++)
        {
            grown[i] = MomentOf(_count - i);
        }

        (_moments, _next) = (grown, _count);
    }
}
