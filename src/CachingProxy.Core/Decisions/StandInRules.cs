using CachingProxy.Core.Messages;

namespace CachingProxy.Core.Decisions;

/// <summary>Decides which responses of an origin are errors that a stale response may stand in for (RFC 5861 §4).</summary>
internal static class StandInRules
{
    private static readonly int[] ServerErrors = [500, 502, 503, 504];

    /// <summary>
    /// Tells whether a status is such an error: 500, 502, 503 and 504, and with <see cref="CachePolicy.StaleIfError"/> a 429 and every 5xx.
    /// </summary>
    public static bool IsError(CachePolicy policy, int status) =>
        ServerErrors.Contains(status) || (policy.StaleIfError > TimeSpan.Zero && status is 429 or >= 500);
}
