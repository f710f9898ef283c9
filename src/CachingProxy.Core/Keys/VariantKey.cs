using CachingProxy.Core.Parsing;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.Core.Keys;

/// <summary>The selecting fields of the request that brought a response: the secondary key (RFC 9111 §4.1).</summary>
internal sealed class VariantKey
{
    private const string AcceptLanguage = "accept-language";

    private readonly string[] _names;
    private readonly string?[] _values;
    private readonly string? _language;

    private VariantKey(string[] names, string?[] values, string? language)
    {
        _names = names;
        _values = values;
        _language = language;
    }

    /// <summary>The key of a response that does not vary: it matches every request.</summary>
    public static VariantKey None { get; } = new([], [], null);

    /// <summary>How many characters it holds.</summary>
    public int Characters => _names.Sum(name => name.Length) + _values.Sum(value => value?.Length ?? 0);

    /// <summary>What it is made of, to be stored.</summary>
    public (IReadOnlyList<string> Names, IReadOnlyList<string?> Values, string? Language) Parts => (_names, _values, _language);

    /// <summary>A key that was stored.</summary>
    public static VariantKey OfParts(string[] names, string?[] values, string? language) => names.Length == 0 ? None : new VariantKey(names, values, language);

    /// <summary>The key of a response.</summary>
    /// <param name="vary">What the response varies on.</param>
    /// <param name="request">The fields of the request that brought it.</param>
    /// <param name="contentLanguage">The language of the response, where it states one.</param>
    public static VariantKey Of(VaryField vary, IFields request, StringValues contentLanguage) => vary.Names.Count == 0
        ? None
        : new VariantKey(
            [.. vary.Names],
            [.. vary.Names.Select(name => SelectingField.Normalise(name, request[name]))],
            contentLanguage.Count == 1 && !contentLanguage.ToString().Contains(',', StringComparison.Ordinal) ? contentLanguage.ToString() : null);

    /// <summary>Whether a request selects this variant; where there is but one, no field is looked at.</summary>
    public bool Matches(CacheRequest request) => _names.Length == 0 || Matches(request.SelectingFields);

    /// <summary>Whether fields select this variant: the same selecting fields, or the very language that it prefers.</summary>
    public bool Matches(IFields request)
    {
        for (var i = 0; i < _names.Length; i++)
        {
            var lines = request[_names[i]];
            if (!string.Equals(_values[i], SelectingField.Normalise(_names[i], lines), StringComparison.Ordinal)
                && !(_language is not null && _names[i] == AcceptLanguage && SelectingField.Prefers(lines, _language)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>What a request has for the same selecting fields: equal texts select the same variant.</summary>
    public string TextFor(CacheRequest request)
    {
        var selecting = request.SelectingFields;
        return string.Concat(_names.Select(name => (name, value: SelectingField.Normalise(name, selecting[name]))).Select(
            field => $"{field.name}:{field.value?.Length ?? -1}:{field.value}\n"));
    }

    /// <summary>Whether both select the same variant: the same names with the same values.</summary>
    public bool IsSameAs(VariantKey other) =>
        _names.AsSpan().SequenceEqual(other._names) && _values.AsSpan().SequenceEqual(other._values);
}
