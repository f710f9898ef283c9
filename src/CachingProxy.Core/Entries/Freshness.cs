using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Entries;

/// <summary>The freshness lifetime of a response, and the source of that lifetime (RFC 9111 §4.2.1, §4.2.2).</summary>
internal readonly record struct Freshness(TimeSpan Lifetime, FreshnessSource Source)
{
    /// <summary>The statuses to which a heuristic may apply (RFC 9111 §4.2.2): RFC 9110 §15.1 calls them heuristically cacheable.</summary>
    private static readonly int[] HeuristicStatuses = [200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501];

    // The statuses to which a configured TTL applies. Of the errors, only a 410 has a TTL.
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
            // RFC 9111 §5.3, §4.2.1: a response has expired if the value is no date, such as "0", or if there are two different values.
            var until = expires.All(line => line == expires[0]) ? HttpDate.Parse(expires[0], wallNow) : null;
            return new Freshness(until > date ? until.Value - date : TimeSpan.Zero, FreshnessSource.Explicit);
        }

        if (policy.TimeToLive > TimeSpan.Zero)
        {
            return TtlStatuses.Contains(status) ? new Freshness(policy.TimeToLive, FreshnessSource.TimeToLive) : default;
        }

        // RFC 9111 §4.2.2: the heuristic is the typical one, a tenth of the time since the last change. There is no heuristic if the Date
        // cannot be read.
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
