using CachingProxy.Core.StructuredFields;

namespace CachingProxy.Core.Parsing;

/// <summary>
/// The tags that an origin gives its responses, to purge them together: <c>Cache-Tag</c>, <c>Surrogate-Key</c>, <c>xkey</c>, and
/// <c>Cache-Groups</c> (RFC 9875).
/// </summary>
public static class ResponseTags
{
    /// <summary>
    /// The largest number of tags of one response. A response with more is not stored, since it could not be purged by all of them.
    /// </summary>
    public const int MaxTags = 256;

    /// <summary>
    /// The largest number of characters of one tag. A response with a longer tag is not stored; a longer name in <c>Cache-Groups</c> is
    /// ignored.
    /// </summary>
    public const int MaxTagLength = 1024;

    // These fields are between this proxy and the origin; clients need not know how the origin groups its pages.
    private static readonly HashSet<string> Hidden = new(StringComparer.OrdinalIgnoreCase) { "Cache-Tag", "Surrogate-Key", "xkey" };

    /// <summary>Tells whether a field is only for caches like this one.</summary>
    public static bool IsHidden(string name) => Hidden.Contains(name);

    /// <summary>Tells whether a name can be a tag.</summary>
    public static bool IsValid(string tag) => tag is { Length: > 0 and <= MaxTagLength };

    /// <summary>Returns the tags of a response, each once; null where there are too many, or one is too long.</summary>
    internal static IReadOnlyList<string>? Of(FieldList fields)
    {
        if (
            !fields.Contains("Cache-Tag")
            && !fields.Contains("Surrogate-Key")
            && !fields.Contains("xkey")
            && !fields.Contains("Cache-Groups")
        )
        {
            return [];
        }

        var tags = new HashSet<string>(StringComparer.Ordinal);
        tags.UnionWith(fields["Cache-Tag"].SelectMany(ListReader.Split));
        foreach (var name in (string[])["Surrogate-Key", "xkey"])
        {
            tags.UnionWith(fields[name].SelectMany(line => (line ?? "").Split([' ', '\t', ','], StringSplitOptions.RemoveEmptyEntries)));
        }

        tags.UnionWith(Groups(fields["Cache-Groups"]));
        tags.Remove("");
        return tags.Count <= MaxTags && tags.All(tag => tag.Length <= MaxTagLength) ? [.. tags] : null;
    }

    /// <summary>
    /// Returns the names of groups in a field that is a list of strings; none where the field is not valid as a whole (RFC 9875 §2, §3).
    /// </summary>
    internal static IEnumerable<string> Groups(Microsoft.Extensions.Primitives.StringValues lines) =>
        lines.Count > 0 && StructuredField.ParseList(lines) is { } list
            ? list.OfType<StructuredMember.Item>()
                .Select(item => item.Value)
                .OfType<BareItem.String>()
                .Select(name => name.Value)
                .Where(IsValid)
            : [];
}
