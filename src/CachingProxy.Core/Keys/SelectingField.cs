using System.Globalization;
using CachingProxy.Core.Parsing;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.Core.Keys;

/// <summary>
/// RFC 9111 §4.1: what may differ between two values of a selecting field without changing what they mean. Lines may be
/// joined and white space between list items differ in all of them; of the fields whose meaning is known here, case and
/// order too.
/// </summary>
internal static class SelectingField
{
    /// <summary>The form in which values are compared; null for a field that is absent.</summary>
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
    /// Tells whether a request prefers this one language above all others: the origin would select a response in it again (RFC 9110
    /// §12.5.4).
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
