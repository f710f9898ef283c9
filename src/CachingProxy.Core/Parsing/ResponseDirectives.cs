using System.Globalization;
using CachingProxy.Core.StructuredFields;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.Core.Parsing;

/// <summary>
/// Reads the directives of a response for this cache from <c>CDN-Cache-Control</c>, the field for caches that act on behalf of the origin.
/// Where that field is absent, empty or wrong anywhere, reads <c>Cache-Control</c> (RFC 9213 §2.2).
/// </summary>
internal static class ResponseDirectives
{
    /// <summary>The targeted field. It goes on to caches downstream as any other does.</summary>
    public const string TargetedField = "CDN-Cache-Control";

    private const int Places = 512;

    // Origins send a few texts again and again. The last text of each hash is kept with its result, so that it is rarely parsed twice and
    // stored entries share the result.
    private static readonly Tuple<string, CacheControl>?[] Last = new Tuple<string, CacheControl>?[Places];

    public static CacheControl Parse(IFields fields) =>
        fields[TargetedField] is { Count: > 0 } targeted && ParseTargeted(targeted) is { } control
            ? control
            : ParseShared(fields["Cache-Control"]);

    private static CacheControl ParseShared(StringValues lines)
    {
        if (lines.Count != 1)
        {
            return CacheControlParser.Parse(lines);
        }

        var text = lines.ToString();
        ref var place = ref Last[(uint)string.GetHashCode(text) % Places];
        var known = Volatile.Read(ref place);
        if (known?.Item1 != text)
        {
            known = Tuple.Create(text, CacheControlParser.Parse(lines));
            Volatile.Write(ref place, known);
        }

        return known.Item2;
    }

    // RFC 9213 §2.1: the field is a dictionary. One known member of the wrong type makes the whole field wrong (RFC 9651 §1.2). Otherwise
    // this cache could read a directive in a sense that its sender did not mean.
    private static CacheControl? ParseTargeted(StringValues lines)
    {
        if (StructuredField.ParseDictionary(lines) is not { Length: > 0 } members)
        {
            return null;
        }

        var control = new CacheControl { IsTargeted = true };
        foreach (var (name, member) in members)
        {
            switch (name, member)
            {
                case (
                    "max-age"
                        or "s-maxage"
                        or "stale-while-revalidate"
                        or "stale-if-error",
                    StructuredMember.Item
                    (BareItem.Integer(var seconds))
                ):
                    control = CacheControlParser.Add(control, name, seconds.ToString(CultureInfo.InvariantCulture));
                    break;
                case ("max-age" or "s-maxage" or "stale-while-revalidate" or "stale-if-error", _):
                    return null;
                case ("no-cache" or "private", StructuredMember.Item(BareItem.String(var names))):
                    control = CacheControlParser.Add(control, name, names);
                    break;
                case (_, StructuredMember.Item(BareItem.Boolean(var isSet))):
                    control = isSet ? CacheControlParser.Add(control, name, null) : control;
                    break;
                case (
                    "no-store"
                        or "no-cache"
                        or "private"
                        or "public"
                        or "must-revalidate"
                        or "proxy-revalidate"
                        or "must-understand"
                        or "immutable",
                    _
                ):
                    return null;
            }
        }

        return control;
    }
}
