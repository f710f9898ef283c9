using Microsoft.Extensions.Primitives;

namespace CachingProxy.Core.Parsing;

/// <summary>
/// One preference with its weight, from a field such as <c>Accept-Encoding</c> or <c>Accept-Language</c> (RFC 9110 §12.4.2).
/// </summary>
/// <param name="Name">In lower case.</param>
/// <param name="Thousandths">The weight, from 0 (not acceptable) to 1000 (preferred).</param>
internal readonly record struct Preference(string Name, int Thousandths)
{
    /// <summary>Reads all lines as one list; null where something in it is not of this form.</summary>
    public static IReadOnlyList<Preference>? Parse(StringValues lines)
    {
        var list = new List<Preference>();
        foreach (var line in lines)
        {
            foreach (var item in ListReader.Split(line))
            {
                if (ParseOne(item) is not { } preference)
                {
                    return null;
                }

                list.Add(preference);
            }
        }

        return list;
    }

    private static Preference? ParseOne(string item)
    {
        var semicolon = item.IndexOf(';', StringComparison.Ordinal);
        var name = (semicolon < 0 ? item : item[..semicolon]).TrimEnd(' ', '\t').ToLowerInvariant();
        if (!FieldSyntax.IsToken(name))
        {
            return null;
        }

        var weight = semicolon < 0 ? 1000 : ParseWeight(item.AsSpan(semicolon + 1).Trim(" \t"));
        return weight is { } thousandths ? new Preference(name, thousandths) : null;
    }

    // q=0, q=0.5, q=1.000: one digit, and at most three after a point.
    private static int? ParseWeight(ReadOnlySpan<char> text)
    {
        if (
            text.Length is < 3 or > 7
            || text[0] is not ('q' or 'Q')
            || text[1] != '='
            || text[2] is not ('0' or '1')
            || (text.Length > 3 && text[3] != '.')
        )
        {
            return null;
        }

        var thousandths = (text[2] - '0') * 1000;
        for (var (i, unit) = (4, 100); i < text.Length; i++, unit /= 10)
        {
            if (!char.IsAsciiDigit(text[i]))
            {
                return null;
            }

            thousandths += (text[i] - '0') * unit;
        }

        return thousandths <= 1000 ? thousandths : null;
    }
}
