using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.Core.Parsing;

/// <summary>The part of a representation that a 206 encloses (RFC 9110 §14.4).</summary>
/// <param name="First">The position of its first byte.</param>
/// <param name="Last">The position of its last byte.</param>
/// <param name="Complete">The length of the whole; null where the sender did not know it.</param>
internal readonly record struct ContentRange(long First, long Last, long? Complete)
{
    /// <summary>The number of bytes.</summary>
    public long Length => Last - First + 1;

    /// <summary>Reads one range in bytes; null for anything else, and for an impossible range (RFC 9110 §14.4).</summary>
    public static ContentRange? Parse(StringValues lines)
    {
        var text = lines.Count == 1 ? lines.ToString().AsSpan().Trim(" \t") : default;
        if (!text.StartsWith("bytes ", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        text = text[6..];
        var dash = text.IndexOf('-');
        var slash = text.IndexOf('/');
        if (
            dash < 0
            || slash < dash
            || Number(text[..dash]) is not { } first
            || Number(text[(dash + 1)..slash]) is not { } last
            || last < first
        )
        {
            return null;
        }

        var complete = text[(slash + 1)..];
        if (complete is "*")
        {
            return new ContentRange(first, last, null);
        }

        if (Number(complete) is { } length && length > last)
        {
            return new ContentRange(first, last, length);
        }

        return null;
    }

    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"bytes {First}-{Last}/{(Complete is { } complete ? complete.ToString(CultureInfo.InvariantCulture) : "*")}"
        );

    private static long? Number(ReadOnlySpan<char> digits) =>
        long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
