using System.Globalization;
using CachingProxy.Core.Parsing;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.Core.Keys;

/// <summary>
/// Normalises the values of selecting fields, so that values with the same meaning compare as equal (RFC 9111 §4.1). In every field,
/// several lines equal one line that joins them with commas. In every list, white space between items does not count. In
/// <c>Accept-Encoding</c> and <c>Accept-Language</c>, case and order do not count either.
/// </summary>
internal static class SelectingField
{
    /// <summary>Returns the form in which the values of a field are compared; null for a field that is absent.</summary>
    /// <param name="name">The field's name in lower case.</param>
    /// <param name="lines">All of its lines.</param>
    public static string? Normalise(string name, StringValues lines)
    {
        if (lines.Count == 0)
        {
            return null;
        }

        if (name is "accept-encoding" or "accept-language" && Preference.Parse(lines) is { } preferences)
        {
            return string.Join(',', preferences.Select(Text).Order(StringComparer.Ordinal).Distinct());
        }

        var line = lines.ToString();
        if (name is "cookie" or "user-agent" or "authorization" or "referer" or "origin")
        {
            // These are no lists: a blank in them may mean something.
            return line;
        }

        return line.AsSpan().ContainsAny(' ', '\t', ',') ? string.Join(',', ListReader.Split(line)) : line;
    }

    /// <summary>
    /// Tells whether a request prefers one language above all others, so that the origin would again select a response in that language
    /// (RFC 9110 §12.5.4).
    /// </summary>
    public static bool Prefers(StringValues acceptLanguage, string language)
    {
        if (acceptLanguage.Count == 0 || Preference.Parse(acceptLanguage) is not { Count: > 0 } preferences)
        {
            return false;
        }

        var best = preferences.MaxBy(preference => preference.Thousandths);
        return best.Thousandths > 0
            && best.Name.Equals(language, StringComparison.OrdinalIgnoreCase)
            && preferences.Count(preference => preference.Thousandths == best.Thousandths) == 1;
    }

    private static string Text(Preference preference)
    {
        var name = ContentCodings.Canonical(preference.Name);
        return preference.Thousandths == 1000 ? name : string.Create(CultureInfo.InvariantCulture, $"{name};q={preference.Thousandths}");
    }
}
