using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using CachingProxy.Core.StructuredFields;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.Core.Keys;

/// <summary>
/// The parts of a query that do not matter to a response, as the response itself says: <c>No-Vary-Search</c>
/// (draft-ietf-httpbis-no-vary-search). Immutable.
/// </summary>
internal sealed class SearchVariance
{
    private readonly bool _orderMatters;
    private readonly bool _namesAreIgnored;
    private readonly ImmutableHashSet<string> _names;

    // The names are either those of the parameters that do not matter, or those of the only parameters that matter.
    private SearchVariance(bool orderMatters, bool namesAreIgnored, ImmutableHashSet<string> names)
    {
        _orderMatters = orderMatters;
        _namesAreIgnored = namesAreIgnored;
        _names = names;
    }

    /// <summary>
    /// Reads the <c>No-Vary-Search</c> field. Returns null where the field is absent, invalid or without effect, so that every byte of the
    /// query matters.
    /// </summary>
    public static SearchVariance? Parse(StringValues lines)
    {
        if (lines.Count == 0 || StructuredField.ParseDictionary(lines) is not { } dictionary)
        {
            return null;
        }

        var (orderMatters, ignoresAll) = (true, false);
        ImmutableHashSet<string>? ignored = null,
            significant = null;
        foreach (var (key, member) in dictionary)
        {
            switch (key, member)
            {
                case ("key-order", StructuredMember.Item(BareItem.Boolean(var isIgnored))):
                    orderMatters = !isIgnored;
                    break;
                case ("params", StructuredMember.Item(BareItem.Boolean(var all))):
                    ignoresAll = all;
                    break;
                case ("params", StructuredMember.InnerList list) when Names(list) is { } names:
                    ignored = names;
                    break;
                case ("except", StructuredMember.InnerList list) when Names(list) is { } names:
                    significant = names;
                    break;
                case ("key-order" or "params" or "except", _):
                    return null;
            }
        }

        // `except` names exceptions from `params`, and means nothing without it.
        if (significant is not null && !ignoresAll)
        {
            return null;
        }

        if (ignoresAll)
        {
            return new SearchVariance(orderMatters, namesAreIgnored: false, significant ?? []);
        }

        if (orderMatters && ignored is not { Count: > 0 })
        {
            return null;
        }

        return new SearchVariance(orderMatters, namesAreIgnored: true, ignored ?? []);
    }

    /// <summary>
    /// Returns a target without the parts that do not matter: two targets with the same canonical text are the same to the response. The
    /// text is for comparison, not for sending.
    /// </summary>
    public string Canonicalise(string target)
    {
        var question = target.IndexOf('?', StringComparison.Ordinal);
        if (question < 0)
        {
            return target;
        }

        var pairs = target[(question + 1)..]
            .Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(Decode)
            .Where(pair => _names.Contains(pair.Name) != _namesAreIgnored);
        var canonical = _orderMatters ? pairs : pairs.OrderBy(pair => pair.Name, StringComparer.Ordinal);
        var text = string.Join('&', canonical.Select(pair => $"{Encode(pair.Name)}={Encode(pair.Value)}"));
        return text.Length == 0 ? target[..question] : $"{target[..question]}?{text}";
    }

    /// <summary>Tells whether a response to one target is also a response to the other.</summary>
    public bool AreEquivalent(string one, string other) => Canonicalise(one) == Canonicalise(other);

    /// <summary>Tells whether both take the same parts of a query into account.</summary>
    public bool IsSameAs(SearchVariance other) =>
        _orderMatters == other._orderMatters && _namesAreIgnored == other._namesAreIgnored && _names.SetEquals(other._names);

    private static ImmutableHashSet<string>? Names(StructuredMember.InnerList list)
    {
        var names = list.Items.Select(item => item.Value).OfType<BareItem.String>().Select(name => DecodeText(name.Value)).ToList();
        return names.Count == list.Items.Length ? [.. names] : null;
    }

    private static (string Name, string Value) Decode(string pair)
    {
        var equals = pair.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? (DecodeText(pair), "") : (DecodeText(pair[..equals]), DecodeText(pair[(equals + 1)..]));
    }

    // Decodes application/x-www-form-urlencoded into bytes, one per character: different texts that are not UTF-8 stay different.
    private static string DecodeText(string text)
    {
        var bytes = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var isEscaped = text[i] == '%' && i + 2 < text.Length && char.IsAsciiHexDigit(text[i + 1]) && char.IsAsciiHexDigit(text[i + 2]);
            if (isEscaped)
            {
                bytes.Append((char)byte.Parse(text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                i += 2;
            }
            else
            {
                bytes.Append(text[i] == '+' ? ' ' : text[i]);
            }
        }

        return bytes.ToString();
    }

    private static string Encode(string bytes)
    {
        var text = new StringBuilder(bytes.Length);
        foreach (var letter in bytes)
        {
            _ =
                char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.' or '_' or '~'
                    ? text.Append(letter)
                    : text.Append('%').Append(((int)letter).ToString("X2", CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }
}
