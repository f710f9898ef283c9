using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.Core.Parsing;

/// <summary>
/// Reads and writes the date forms of HTTP (RFC 9110 §5.6.7), always in UTC. Three forms are read. The names in them (weekday, month, GMT)
/// may be in upper or lower case (RFC 9111 §4.2). A weekday that does not fit the date is accepted; any other deviation from the forms is
/// not.
/// </summary>
internal static class HttpDate
{
    private static readonly string[] Months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

    /// <summary>Reads IMF-fixdate, RFC 850 and asctime. <paramref name="now"/> decides the century of RFC 850's two-digit year.</summary>
    public static DateTimeOffset? Parse(string? text, DateTimeOffset now)
    {
        var date = text.AsSpan();
        var end = date.IndexOfAny(',', ' ');
        if (end < 0)
        {
            return null;
        }

        var weekday = date[..end];
        var rest = date[(end + 1)..];
        var isAbbreviated = IsWeekday(weekday, isAbbreviated: true);
        if (date[end] == ' ')
        {
            return isAbbreviated ? ParseAsctime(rest) : null;
        }

        if (!rest.StartsWith(' '))
        {
            return null;
        }

        if (isAbbreviated)
        {
            return ParseImf(rest[1..]);
        }

        return IsWeekday(weekday, isAbbreviated: false) ? ParseRfc850(rest[1..], now) : null;
    }

    /// <summary>
    /// Reads the <c>Date</c> of a response: of several lines the earliest, which makes the response oldest; null where none can be read.
    /// </summary>
    public static DateTimeOffset? ParseEarliest(StringValues lines, DateTimeOffset now)
    {
        DateTimeOffset? earliest = null;
        foreach (var line in lines)
        {
            earliest = Parse(line, now) is { } date && !(date >= earliest) ? date : earliest;
        }

        return earliest;
    }

    /// <summary>Returns the IMF-fixdate form, the only form that may be sent.</summary>
    public static string Format(DateTimeOffset date) => date.ToString("R", CultureInfo.InvariantCulture);

    // 06 Nov 1994 08:49:37 GMT
    private static DateTimeOffset? ParseImf(ReadOnlySpan<char> text) =>
        text.Length == 24 && text[2] == ' ' && text[6] == ' ' && text[11] == ' ' && IsGmt(text[20..])
            ? Make(Number(text[7..11]), text[3..6], Number(text[..2]), text[12..20])
            : null;

    // 06-Nov-94 08:49:37 GMT
    private static DateTimeOffset? ParseRfc850(ReadOnlySpan<char> text, DateTimeOffset now)
    {
        if (
            text.Length != 22
            || text[2] != '-'
            || text[6] != '-'
            || text[9] != ' '
            || !IsGmt(text[18..])
            || Number(text[7..9]) is not { } digits
        )
        {
            return null;
        }

        // RFC 9110 §5.6.7: a date more than 50 years in the future means the latest year in the past with the same two digits.
        var year = (now.Year / 100 * 100) + digits;
        var date = Make(year, text[3..6], Number(text[..2]), text[10..18]);
        return date > now.AddYears(50) ? Make(year - 100, text[3..6], Number(text[..2]), text[10..18]) : date;
    }

    // Nov  6 08:49:37 1994
    private static DateTimeOffset? ParseAsctime(ReadOnlySpan<char> text) =>
        text.Length == 20 && text[3] == ' ' && text[6] == ' ' && text[15] == ' '
            ? Make(Number(text[16..]), text[..3], Number(text[4] == ' ' ? text[5..6] : text[4..6]), text[7..15])
            : null;

    private static DateTimeOffset? Make(int? year, ReadOnlySpan<char> monthName, int? day, ReadOnlySpan<char> time)
    {
        var month = MonthOf(monthName);
        if (
            year is not (>= 1 and <= 9999)
            || month == 0
            || !(day >= 1 && day <= DateTime.DaysInMonth(year.Value, month))
            || time[2] != ':'
            || time[5] != ':'
            || Number(time[..2]) is not (>= 0 and <= 23)
            || Number(time[3..5]) is not (>= 0 and <= 59)
            || Number(time[6..]) is not (>= 0 and <= 60)
        )
        {
            return null;
        }

        // A leap second counts as the second before it (RFC 9111 §4.2).
        return new DateTimeOffset(
            year.Value,
            month,
            day.Value,
            Number(time[..2])!.Value,
            Number(time[3..5])!.Value,
            Math.Min(59, Number(time[6..])!.Value),
            TimeSpan.Zero
        );
    }

    private static int MonthOf(ReadOnlySpan<char> name)
    {
        for (var i = 0; i < Months.Length; i++)
        {
            if (name.Equals(Months[i], StringComparison.OrdinalIgnoreCase))
            {
                return i + 1;
            }
        }

        return 0;
    }

    private static int? Number(ReadOnlySpan<char> digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static bool IsGmt(ReadOnlySpan<char> zone) => zone.Equals(" GMT", StringComparison.OrdinalIgnoreCase);

    private static bool IsWeekday(ReadOnlySpan<char> name, bool isAbbreviated)
    {
        foreach (var weekday in CultureInfo.InvariantCulture.DateTimeFormat.DayNames)
        {
            if (name.Equals(isAbbreviated ? weekday.AsSpan(0, 3) : weekday, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
