using CachingProxy.Core.StructuredFields;

namespace CachingProxy.Core.Parsing;

/// <summary>
/// The tags that an origin gives its responses, to purge them together: <c>Cache-Tag</c>, <c>Surrogate-Key</c>, <c>xkey</c>, and
/// <c>Cache-Groups</c> (RFC 9875).
/// </summary>
public static class ResponseTags
{
    /// <summary>The most tags of one response; one with more is not stored, since it could not be purged as it says.</summary>
    public const int MaxTags = 256;

    /// <summary>The most characters of one tag; likewise.</summary>
    public const int MaxTagLength = 1024;

    // Between us and the origin; clients need not know how it groups its pages.
    private static readonly HashSet<string> Hidden = new(StringComparer.OrdinalIgnoreCase) { "Cache-Tag", "Surrogate-Key", "xkey" };

    /// <summary>Tells whether a field is for caches like this one alone.</summary>
    public static bool IsHidden(string name) => Hidden.Contains(name);

    /// <summary>Tells whether a name can be a tag.</summary>
    public static bool IsValid(string tag) => tag is { Length: > 0 and <= MaxTagLength };

    /// <summary>The tags of a response, each once; null where they are more than can be kept.</summary>
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

    /// <summary>RFC 9875 §2, §3: the names in a list of strings; none where it is not valid as a whole.</summary>
    internal static IEnumerable<string> Groups(Microsoft.Extensions.Primitives.StringValues lines) =>
        lines.Count > 0 && StructuredField.ParseList(lines) is { } list
            ? list.OfType<StructuredMember.Item>()
                .Select(item => item.Value)
                .OfType<BareItem.String>()
                .Select(name => name.Value)
                .Where(IsValid)
            : [];
}
