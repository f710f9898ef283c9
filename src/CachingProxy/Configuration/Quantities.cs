using System.Globalization;

namespace CachingProxy.Configuration;

/// <summary>Durations and sizes as people write them.</summary>
internal static class Quantities
{
    /// <summary>The longest duration: 365 days.</summary>
    public static readonly TimeSpan MaxDuration = TimeSpan.FromDays(365);

    /// <summary>The largest size: 1 TB.</summary>
    public const long MaxBytes = 1L << 40;

    /// <summary>Whole seconds, or a whole number of <c>s</c>, <c>m</c>, <c>h</c>, <c>d</c> or <c>w</c>; null for anything else.</summary>
    public static TimeSpan? ParseDuration(string text) =>
        Parse(text, MaxDuration.TotalSeconds, ("", 1), ("s", 1), ("m", 60), ("h", 3600), ("d", 86_400), ("w", 604_800)) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    /// <summary>Bytes, or a whole number of <c>KB</c>, <c>MB</c>, <c>GB</c> or <c>TB</c> of 1024 each, which may be spelt <c>KiB</c> and so on; null for anything else.</summary>
    public static long? ParseBytes(string text) =>
        Parse(text, MaxBytes, ("", 1), ("B", 1), ("KB", 1 << 10), ("MB", 1 << 20), ("GB", 1 << 30), ("TB", 1L << 40), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1L << 40));

    private static long? Parse(string text, double max, params (string Suffix, long Factor)[] units)
    {
        var digits = text.AsSpan().IndexOfAnyExceptInRange('0', '9');
        var (number, unit) = digits < 0 ? (text, "") : (text[..digits], text[digits..].Trim());
        foreach (var (suffix, factor) in units)
        {
            if (unit.Equals(suffix, StringComparison.OrdinalIgnoreCase))
            {
                return long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count <= max / factor
                    ? count * factor
                    : null;
            }
        }

        return null;
    }
}
