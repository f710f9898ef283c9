using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.Core.Parsing;

/// <summary>A range that a request asks for (RFC 9110 §14.1.2), before the length of the representation is known.</summary>
/// <param name="First">The position of its first byte; null for the last bytes of the whole.</param>
/// <param name="Last">The position of its last byte, or the number of last bytes; null for all from <paramref name="First"/> on.</param>
internal readonly record struct RangeField(long? First, long? Last)
{
    /// <summary>The largest number of ranges that is read; a field with more is ignored (RFC 9110 §14.2, §17.15).</summary>
    public const int MaxRanges = 16;

    /// <summary>Reads a <c>Range</c> field in bytes; null where it is absent, of another unit, wrong anywhere or too long.</summary>
    public static IReadOnlyList<RangeField>? Parse(StringValues lines)
    {
        var text = lines.Count == 1 ? lines.ToString() : "";
        if (!text.StartsWith("bytes=", StringComparison.OrdinalIgnoreCase) || text.AsSpan().Count(',') >= 2 * MaxRanges)
        {
            return null;
        }

        var ranges = new List<RangeField>();
        foreach (var item in ListReader.Split(text[6..]))
        {
            if (ParseOne(item) is not { } range)
            {
                return null;
            }

            ranges.Add(range);
        }

        return ranges.Count is > 0 and <= MaxRanges ? ranges : null;
    }

    /// <summary>
    /// Returns the bytes of this range in a representation of <paramref name="length"/> bytes; null where there are none.
    /// </summary>
    public (long First, long Last)? Of(long length)
    {
        if (First is not { } first)
        {
            return Last > 0 && length > 0 ? (Math.Max(0, length - Last.Value), length - 1) : null;
        }

        return first < length ? (first, Math.Min(Last ?? long.MaxValue, length - 1)) : null;
    }

    private static RangeField? ParseOne(string item)
    {
        var dash = item.IndexOf('-', StringComparison.Ordinal);
        if (dash < 0 || !TryNumber(item.AsSpan(0, dash), out var first) || !TryNumber(item.AsSpan(dash + 1), out var last))
        {
            return null;
        }

        if (first is null && last is null)
        {
            return null;
        }

        if (last < first)
        {
            return null;
        }

        return new RangeField(first, last);
    }

    private static bool TryNumber(ReadOnlySpan<char> digits, out long? number)
    {
        number = null;
        if (digits.IsEmpty)
        {
            return true;
        }

        // A number too large for a long counts as long.MaxValue.
        if (digits.ContainsAnyExceptInRange('0', '9'))
        {
            return false;
        }

        number = long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : long.MaxValue;
        return true;
    }
}
