using System.Globalization;

namespace CachingProxy.Core.Parsing;

/// <summary>The three date forms of HTTP (RFC 9110 §5.6.7); always UTC.</summary>
internal static class HttpDate
{
    private const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
    private static readonly string[] Asctime = ["ddd MMM d HH:mm:ss yyyy", "ddd MMM  d HH:mm:ss yyyy"];

    /// <summary>Reads IMF-fixdate, RFC 850 and asctime. <paramref name="now"/> decides the century of RFC 850's two-digit year.</summary>
    public static DateTimeOffset? Parse(string? text, DateTimeOffset now)
    {
        var invariant = CultureInfo.InvariantCulture;
        if (DateTimeOffset.TryParseExact(text, "ddd, dd MMM yyyy HH:mm:ss 'GMT'", invariant, Utc, out var date)
            || DateTimeOffset.TryParseExact(text, Asctime, invariant, Utc, out date))
        {
            return date;
        }

        // The weekday is not checked: it depends on the century, which is settled only afterwards.
        var comma = text?.IndexOf(", ", StringComparison.Ordinal) ?? -1;
        if (comma < 0 || !Enum.TryParse<DayOfWeek>(text.AsSpan(0, comma), out _)
            || !DateTimeOffset.TryParseExact(text.AsSpan(comma + 2), "dd-MMM-yy HH:mm:ss 'GMT'", invariant, Utc, out date))
        {
            return null;
        }

        // RFC 9110 §5.6.7: more than 50 years in the future means the last year in the past with the same digits.
        date = date.AddYears((now.Year / 100 * 100) + (date.Year % 100) - date.Year);
        return date > now.AddYears(50) ? date.AddYears(-100) : date;
    }

    /// <summary>The IMF-fixdate form, the only one to be sent.</summary>
    public static string Format(DateTimeOffset date) => date.ToString("R", CultureInfo.InvariantCulture);
}
