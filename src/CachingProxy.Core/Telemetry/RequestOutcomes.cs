using CachingProxy.Core.Messages;

namespace CachingProxy.Core.Telemetry;

/// <summary>Finds the outcome of a request by its cache status, and gives the names of outcomes.</summary>
public static class RequestOutcomes
{
    private static readonly string[] Tokens = [.. Enum.GetNames<RequestOutcome>().Select(name => name.ToLowerInvariant())];
    private static readonly string[] Capitals = [.. Enum.GetNames<RequestOutcome>().Select(name => name.ToUpperInvariant())];

    /// <summary>Returns the outcome of a request that a cache status describes.</summary>
    public static RequestOutcome Of(CacheStatus status)
    {
        ArgumentNullException.ThrowIfNull(status);
        if (status.Failure == OriginError.RateLimited)
        {
            return RequestOutcome.Refused;
        }

        if (status.Failure is not null)
        {
            return RequestOutcome.Error;
        }

        if (status.IsStale)
        {
            return RequestOutcome.Stale;
        }

        if (status.IsHit)
        {
            return RequestOutcome.Hit;
        }

        if (status.IsCollapsed)
        {
            return RequestOutcome.Shared;
        }

        if (status.IsValidated)
        {
            return RequestOutcome.Revalidated;
        }

        return IsBypass(status.Forwarded) ? RequestOutcome.Bypass : RequestOutcome.Miss;
    }

    /// <summary>Returns the outcome in lower case: a metric label.</summary>
    public static string ToToken(this RequestOutcome outcome) => Tokens[(int)outcome];

    /// <summary>Returns the outcome in capitals, for a line that people read.</summary>
    public static string ToCapitals(this RequestOutcome outcome) => Capitals[(int)outcome];

    /// <summary>Tells whether the content came from the cache.</summary>
    public static bool IsFromCache(this RequestOutcome outcome) =>
        outcome is RequestOutcome.Hit or RequestOutcome.Stale or RequestOutcome.Revalidated;

    private static bool IsBypass(ForwardReason? reason) =>
        reason
            is ForwardReason.Method
                or ForwardReason.RequestContent
                or ForwardReason.Range
                or ForwardReason.Precondition
                or ForwardReason.Authorization
                or ForwardReason.CachingIsOff
                or ForwardReason.Upgrade;
}
