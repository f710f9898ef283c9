namespace CachingProxy.Core.Limits;

/// <summary>Says whether something is within its limits, and how near it is to them.</summary>
/// <param name="IsPermitted">Whether it may happen now; if so, it is counted.</param>
/// <param name="RetryAfter">The time until the next one may happen; zero where one may now.</param>
/// <param name="Limit">The limit that is nearest to being used up; null where there is none.</param>
/// <param name="Remaining">How many more that limit permits now.</param>
/// <param name="Reset">The time until that limit permits one more than now.</param>
public readonly record struct RateDecision(bool IsPermitted, TimeSpan RetryAfter, RateLimit? Limit, int Remaining, TimeSpan Reset)
{
    /// <summary>Nothing limits it.</summary>
    public static RateDecision Unlimited { get; } = new(true, TimeSpan.Zero, null, int.MaxValue, TimeSpan.Zero);

    /// <summary>Returns that nothing may happen for a time.</summary>
    public static RateDecision Held(TimeSpan time) => new(false, time, null, 0, time);
}
