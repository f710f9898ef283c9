using CachingProxy.Core.Parsing;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.Core.Keys;

/// <summary>The selecting fields of the request that led to a response: the secondary key (RFC 9111 §4.1).</summary>
/// <remarks>
/// A response that has content codings, but does not name <c>Accept-Encoding</c> in <c>Vary</c>, is stored as if it did. It is selected
/// only by requests with the same <c>Accept-Encoding</c>, and by requests that permit its codings.
/// </remarks>
internal sealed class VariantKey
{
    private const string AcceptLanguage = "accept-language";
    private const string AcceptEncoding = "accept-encoding";

    private readonly string[] _names;
    private readonly string?[] _values;
    private readonly string? _language;
    private readonly string? _codings;

    private VariantKey(string[] names, string?[] values, string? language, string? codings)
    {
        _names = names;
        _values = values;
        _language = language;
        _codings = codings;
    }

    /// <summary>The key of a response that does not vary: it matches every request.</summary>
    public static VariantKey None { get; } = new([], [], null, null);

    /// <summary>The number of characters in the key.</summary>
    public int Characters => _names.Sum(name => name.Length) + _values.Sum(value => value?.Length ?? 0);

    /// <summary>The parts of the key, to be stored.</summary>
    public VariantKeyParts Parts => new(_names, _values, _language, _codings);

    /// <summary>Makes a key from its stored parts.</summary>
    public static VariantKey OfParts(VariantKeyParts parts) =>
        parts.Names.Count == 0 ? None : new VariantKey([.. parts.Names], [.. parts.Values], parts.Language, parts.Codings);

    /// <summary>Makes the key of a response.</summary>
    /// <param name="response">The fields of the response: what it varies on, its language, its codings.</param>
    /// <param name="request">The fields of the request that led to the response.</param>
    public static VariantKey Of(IFields response, IFields request)
    {
        var vary = VaryField.Parse(response["Vary"]);
        var codings = vary.Names.Contains(AcceptEncoding) ? null : ContentCodings.Of(response["Content-Encoding"]);
        string[] names = codings is null ? [.. vary.Names] : [.. vary.Names.Append(AcceptEncoding).Order(StringComparer.Ordinal)];
        var language = response["Content-Language"];
        return names.Length == 0
            ? None
            : new VariantKey(
                names,
                [.. names.Select(name => SelectingField.Normalise(name, request[name]))],
                language.Count == 1 && !language.ToString().Contains(',', StringComparison.Ordinal) ? language.ToString() : null,
                codings
            );
    }

    /// <summary>Tells whether every request selects this variant.</summary>
    public bool IsForAll => _names.Length == 0;

    /// <summary>
    /// Tells whether the fields of a request select this variant. Each selecting field must have the same value, with two exceptions:
    /// <c>Accept-Language</c> may prefer the language of the response instead, and <c>Accept-Encoding</c> may permit the codings of the
    /// response if the response's <c>Vary</c> does not name <c>Accept-Encoding</c>.
    /// </summary>
    public bool Matches(IFields request)
    {
        for (var i = 0; i < _names.Length; i++)
        {
            var lines = request[_names[i]];
            if (
                !string.Equals(_values[i], SelectingField.Normalise(_names[i], lines), StringComparison.Ordinal)
                && !IsServedBy(_names[i], lines)
            )
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Returns, as text, the values that a request has for the selecting fields of this variant. Requests with equal texts select the same
    /// variant.
    /// </summary>
    public string TextFor(IFields selecting) =>
        string.Concat(
            _names
                .Select(name => (name, value: SelectingField.Normalise(name, selecting[name])))
                .Select(field => $"{field.name}:{field.value?.Length ?? -1}:{field.value}\n")
        );

    /// <summary>Returns the names and the values of the selecting fields. The value of an absent field is empty.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Describe() =>
        [.. _names.Zip(_values, (name, value) => KeyValuePair.Create(name, value ?? ""))];

    /// <summary>Tells whether this key and another one have the same names with the same values.</summary>
    public bool IsSameAs(VariantKey other) => _names.AsSpan().SequenceEqual(other._names) && _values.AsSpan().SequenceEqual(other._values);

    private bool IsServedBy(string name, StringValues lines) =>
        name switch
        {
            AcceptLanguage => _language is not null && SelectingField.Prefers(lines, _language),
            AcceptEncoding => _codings is not null && ContentCodings.ArePermitted(_codings, lines),
            _ => false,
        };
}
