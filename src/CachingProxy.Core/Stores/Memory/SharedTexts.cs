using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Stores.Memory;

/// <summary>
/// Texts that many responses have in common - names of fields, a content type, a server, the date of this second - kept once and not with
/// each entry. The table has a few thousand places; the hash of a text chooses its place. A new text replaces the old one in its place, so
/// that the table never grows and rare texts cost nothing. Safe for any number of threads.
/// </summary>
internal static class SharedTexts
{
    private const int Places = 4096;

    /// <summary>The length above which a text is not shared.</summary>
    public const int MaxLength = 128;

    private static readonly string?[] Last = new string?[Places];

    /// <summary>Returns an equal text. Callers that ask for it soon after get the same object.</summary>
    public static string? Share(string? text)
    {
        if (text is null || text.Length > MaxLength)
        {
            return text;
        }

        ref var place = ref Last[(uint)string.GetHashCode(text) % Places];
        var known = Volatile.Read(ref place);
        if (known == text)
        {
            return known;
        }

        Volatile.Write(ref place, text);
        return text;
    }

    /// <summary>Returns the fields, made of shared texts.</summary>
    public static FieldList Share(FieldList fields) =>
        new(
            fields.Select(field => new KeyValuePair<string, Microsoft.Extensions.Primitives.StringValues>(
                Share(field.Key)!,
                field.Value.Count == 1 ? Share(field.Value.ToString()) : Array.ConvertAll(field.Value.ToArray(), Share)
            ))
        );
}
