using CachingProxy.Core.Parsing;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.Core.Keys;

/// <summary>The selecting fields of the request that brought a response: the secondary key (RFC 9111 §4.1).</summary>
internal sealed class VariantKey
{
    private readonly string[] _names;
    private readonly string?[] _values;

    private VariantKey(string[] names, string?[] values)
    {
        _names = names;
        _values = values;
    }

    /// <summary>The key of a response that does not vary: it matches every request.</summary>
    public static VariantKey None { get; } = new([], []);

    /// <summary>How many characters it holds.</summary>
    public int Characters => _names.Sum(name => name.Length) + _values.Sum(value => value?.Length ?? 0);

    public static VariantKey Of(VaryField vary, IFields request) => vary.Names.Count == 0
        ? None
        : new VariantKey([.. vary.Names], [.. vary.Names.Select(name => Normalise(request[name]))]);

    /// <summary>Whether a request has the same selecting fields; one absent there and here is the same.</summary>
    public bool Matches(IFields request)
    {
        for (var i = 0; i < _names.Length; i++)
        {
            if (!string.Equals(_values[i], Normalise(request[_names[i]]), StringComparison.Ordinal))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether both select the same variant: the same names with the same values.</summary>
    public bool IsSameAs(VariantKey other) =>
        _names.AsSpan().SequenceEqual(other._names) && _values.AsSpan().SequenceEqual(other._values);

    // RFC 9111 §4.1: lines may be joined and white space around list items differ without making another variant.
    private static string? Normalise(StringValues lines)
    {
        if (lines.Count == 0)
        {
            return null;
        }

        var line = lines.ToString();
        return line.AsSpan().ContainsAny(' ', '\t', ',') ? string.Join(',', ListReader.Split(line)) : line;
    }
}
