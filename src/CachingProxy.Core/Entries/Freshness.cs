using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Entries;

/// <summary>RFC 9111 §4.2.1 and §4.2.2: how long a response is fresh, and who said so.</summary>
internal readonly record struct Freshness(TimeSpan Lifetime, FreshnessSource Source)
{
    /// <summary>RFC 9111 §4.2.2 lets a heuristic apply to the statuses that RFC 9110 §15.1 calls heuristically cacheable.</summary>
    private static readonly int[] HeuristicStatuses = [200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501];

    // The statuses that a configured TTL applies to; errors only ever live by what the origin says of them.
    private static readonly int[] TtlStatuses = [200, 203, 204, 206, 300, 301, 308, 410];

    public static Freshness Of(int status, FieldList fields, CacheControl control, CachePolicy policy, DateTimeOffset wallNow)
    {
        if (policy.TtlMode == TtlMode.Override)
        {
            return TtlStatuses.Contains(status) && policy.TimeToLive > TimeSpan.Zero
                ? new Freshness(policy.TimeToLive, FreshnessSource.TimeToLive)
                : default;
        }

        // RFC 9111 §4.2.1: s-maxage wins in a shared cache, then max-age, then Expires.
        if ((control.SharedMaxAge ?? control.MaxAge) is { } stated)
        {
            return new Freshness(stated, FreshnessSource.Explicit);
        }

        // RFC 9110 §6.6.1: a date that cannot be read counts as that of the arrival.
        var sent = HttpDate.ParseEarliest(fields["Date"], wallNow);
        var date = sent ?? wallNow;
        if (fields["Expires"] is { Count: > 0 } expires && !control.IsTargeted)
        {
            // RFC 9111 §5.3, §4.2.1: a value that is no date, such as "0", has expired; so has a response with two different values.
            var until = expires.All(line => line == expires[0]) ? HttpDate.Parse(expires[0], wallNow) : null;
            return new Freshness(until > date ? until.Value - date : TimeSpan.Zero, FreshnessSource.Explicit);
        }

        if (policy.TimeToLive > TimeSpan.Zero)
        {
            return TtlStatuses.Contains(status) ? new Freshness(policy.TimeToLive, FreshnessSource.TimeToLive) : default;
        }

        // RFC 9111 §4.2.2: a tenth of the time since the last change, as is typical. Nothing is guessed from a date that cannot be read.
        if (sent is null && fields.Contains("Date"))
        {
            return default;
        }

        var lastModified = HttpDate.Parse(fields["Last-Modified"].ToString(), wallNow);
        return lastModified < date && (HeuristicStatuses.Contains(status) || control.Public)
            ? new Freshness((date - lastModified.Value) / 10, FreshnessSource.Heuristic)
            : default;
    }
}
