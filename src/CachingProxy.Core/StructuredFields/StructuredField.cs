using System.Collections.Immutable;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.Core.StructuredFields;

/// <summary>
/// HTTP Structured Fields (RFC 9651): reads the three kinds of fields and writes them in their one canonical form. A field that is wrong
/// anywhere is wrong as a whole: reading it returns null. Never throws on any input; safe for any number of threads.
/// </summary>
public static class StructuredField
{
    /// <summary>Reads a field that is one item (RFC 9651 §4.2); null where it is none.</summary>
    public static StructuredMember.Item? ParseItem(StringValues lines)
    {
        var parser = new StructuredFieldParser(Join(lines));
        return parser.TryItem(out var item) && parser.TryEnd() ? item : null;
    }

    /// <summary>Reads a field that is a list; empty where the field is empty, null where it is no list.</summary>
    public static ImmutableArray<StructuredMember>? ParseList(StringValues lines) =>
        new StructuredFieldParser(Join(lines)).TryList(out var members) ? members : null;

    /// <summary>
    /// Reads a field that is a dictionary, in its order; null where it is none. If a key occurs twice, the last value counts, in the place
    /// of the first.
    /// </summary>
    public static ImmutableArray<KeyValuePair<string, StructuredMember>>? ParseDictionary(StringValues lines) =>
        new StructuredFieldParser(Join(lines)).TryDictionary(out var members) ? members : null;

    /// <summary>Writes an item (RFC 9651 §4.1.3); null where a value is outside of its type's range.</summary>
    public static string? Serialize(StructuredMember.Item item) => Written(writer => writer.TryMember(item));

    /// <summary>
    /// Writes a list (RFC 9651 §4.1.1); null where a value is outside of its type's range. An empty list gives an empty text; such a field
    /// is not sent.
    /// </summary>
    public static string? Serialize(ImmutableArray<StructuredMember> list) => Written(writer => writer.TryList(list));

    /// <summary>Writes a dictionary (RFC 9651 §4.1.2); null where a key or a value is not permitted.</summary>
    public static string? Serialize(ImmutableArray<KeyValuePair<string, StructuredMember>> dictionary) =>
        Written(writer => writer.TryDictionary(dictionary));

    // RFC 9651 §4.2: several lines are one, joined by a comma and a blank.
    private static string Join(StringValues lines) => lines.Count > 1 ? string.Join(", ", (IEnumerable<string?>)lines) : lines.ToString();

    private static string? Written(Func<StructuredFieldWriter, bool> write)
    {
        var writer = new StructuredFieldWriter();
        return write(writer) ? writer.ToString() : null;
    }
}
