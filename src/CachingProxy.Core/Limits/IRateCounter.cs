namespace CachingProxy.Core.Limits;

/// <summary>
/// Counts what happens for each key against limits, so that there are never more in any window than a limit permits. Safe for any number of
/// threads.
/// </summary>
public interface IRateCounter
{
    /// <summary>Counts one more for a key, if all limits permit it now and the key is not held.</summary>
    /// <param name="key">Whose limits they are.</param>
    /// <param name="limits">The limits; the same ones for a key each time.</param>
    /// <returns>The decision; null where the counter cannot be asked now.</returns>
    ValueTask<RateDecision?> TryTakeAsync(string key, IReadOnlyList<RateLimit> limits);

    /// <summary>Permits nothing for a key until a time has passed. A shorter time than that of an earlier hold changes nothing.</summary>
    ValueTask HoldAsync(string key, TimeSpan time);
}
