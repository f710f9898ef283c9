using System.Globalization;

namespace CachingProxy.Core.Limits;

/// <summary>At most so many in any window of so long, wherever the window begins.</summary>
public sealed record RateLimit
{
    /// <summary>The largest number that a limit may permit: 100,000.</summary>
    public const int MaxCount = 100_000;

    /// <summary>A limit.</summary>
    /// <param name="count">The most in one window: 1 to <see cref="MaxCount"/>.</param>
    /// <param name="window">The length of the window: above 0, up to 24 hours.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    public RateLimit(int count, TimeSpan window)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MaxCount);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(window, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(window, TimeSpan.FromHours(24));
        (Count, Window) = (count, window);
    }

    /// <summary>The largest number in one window.</summary>
    public int Count { get; }

    /// <summary>The length of the window.</summary>
    public TimeSpan Window { get; }

    /// <summary>The limit as text: <c>100/60s</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Count}/{Window.TotalSeconds:0.###}s");
}
