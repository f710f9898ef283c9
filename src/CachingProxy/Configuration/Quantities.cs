using System.Globalization;
using System.Text.RegularExpressions;

namespace CachingProxy.Configuration;

/// <summary>Reads durations and sizes as people write them.</summary>
internal static partial class Quantities
{
    /// <summary>The longest duration: 365 days.</summary>
    public static readonly TimeSpan MaxDuration = TimeSpan.FromDays(365);

    /// <summary>The largest size: 1 TB.</summary>
    public const long MaxBytes = 1L << 40;

    private static readonly Dictionary<string, decimal> SecondsOf = new(StringComparer.OrdinalIgnoreCase)
    {
        ["ms"] = 0.001m,
        ["s"] = 1,
        ["m"] = 60,
        ["h"] = 3600,
        ["d"] = 86_400,
        ["w"] = 604_800,
    };

    private static readonly Dictionary<string, decimal> BytesOf = new(StringComparer.OrdinalIgnoreCase)
    {
        ["KB"] = 1 << 10,
        ["MB"] = 1 << 20,
        ["GB"] = 1 << 30,
        ["TB"] = 1L << 40,
        ["KiB"] = 1 << 10,
        ["MiB"] = 1 << 20,
        ["GiB"] = 1 << 30,
        ["TiB"] = 1L << 40,
    };

    /// <summary>
    /// Reads seconds (<c>15</c>), a number with a unit (<c>500ms</c>, <c>1.5h</c>), or several, the largest first (<c>1h30m</c>). Returns
    /// null for anything else, and above <see cref="MaxDuration"/>.
    /// </summary>
    public static TimeSpan? ParseDuration(string text)
    {
        if (ParseNumber(text) is { } seconds)
        {
            return Duration(seconds);
        }

        var (sum, last, end) = (0m, decimal.MaxValue, 0);
        foreach (Match part in Parts().Matches(text))
        {
            if (
                !SecondsOf.TryGetValue(part.Groups["unit"].Value, out var factor)
                || factor >= last
                || ParseNumber(part.Groups["number"].Value) is not { } number
            )
            {
                return null;
            }

            (sum, last, end) = (sum + (number * factor), factor, part.Index + part.Length);
        }

        return end > 0 && end == text.Length ? Duration(sum) : null;
    }

    /// <summary>
    /// Reads bytes, or a number of <c>KB</c>, <c>MB</c>, <c>GB</c> or <c>TB</c>. Each unit is 1024 of the one before, and may be spelt
    /// <c>KiB</c> and so on. Returns null for anything else, and above <see cref="MaxBytes"/>.
    /// </summary>
    public static long? ParseBytes(string text)
    {
        var match = Parts().Match(text);
        var isWhole = match.Success && match.Length == text.Length;
        var (number, factor) =
            isWhole && BytesOf.TryGetValue(match.Groups["unit"].Value, out var unit)
                ? (ParseNumber(match.Groups["number"].Value), unit)
                : (ParseNumber(text.EndsWith('B') ? text[..^1] : text) is { } bytes && bytes == decimal.Truncate(bytes) ? bytes : null, 1);
        return number is { } count && count * factor <= MaxBytes ? (long)(count * factor) : null;
    }

    private static TimeSpan? Duration(decimal seconds) =>
        seconds <= (decimal)MaxDuration.TotalSeconds ? TimeSpan.FromTicks((long)(seconds * TimeSpan.TicksPerSecond)) : null;

    // The limit of the length keeps every product with a unit from overflowing.
    private static decimal? ParseNumber(string text) =>
        text.Length is > 0 and <= 16
        && decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
        && char.IsAsciiDigit(text[0])
            ? number
            : null;

    [GeneratedRegex(@"\G(?<number>[0-9.]+) ?(?<unit>[A-Za-z]+)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Parts();
}
