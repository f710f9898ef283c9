using System.Collections;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.Core.Parsing;

/// <summary>
/// Header fields that do not depend on a connection: an immutable list with one item for each name, which holds all lines of that name (RFC
/// 9110 §5.3). Safe for any number of threads.
/// </summary>
public sealed class FieldList : IFields, IReadOnlyCollection<KeyValuePair<string, StringValues>>
{
    private readonly KeyValuePair<string, StringValues>[] _fields;

    /// <summary>Copies the fields; lines of the same name are joined in their order.</summary>
    public FieldList(IEnumerable<KeyValuePair<string, StringValues>> fields)
    {
        ArgumentNullException.ThrowIfNull(fields);
        var list = new List<KeyValuePair<string, StringValues>>();
        foreach (var field in fields)
        {
            var at = list.FindIndex(known => known.Key.Equals(field.Key, StringComparison.OrdinalIgnoreCase));
            if (at < 0)
            {
                list.Add(field);
            }
            else
            {
                list[at] = new(list[at].Key, StringValues.Concat(list[at].Value, field.Value));
            }
        }

        _fields = [.. list];
    }

    private FieldList(KeyValuePair<string, StringValues>[] fields) => _fields = fields;

    /// <summary>No fields at all.</summary>
    public static FieldList Empty { get; } = new([]);

    /// <summary>Returns a list of fields of which no two have the same name. The list keeps the array, which must not change.</summary>
    internal static FieldList OfDistinct(KeyValuePair<string, StringValues>[] fields) => new(fields);

    /// <inheritdoc/>
    public int Count => _fields.Length;

    /// <inheritdoc/>
    public StringValues this[string name]
    {
        get
        {
            foreach (var field in _fields)
            {
                if (field.Key.Equals(name, StringComparison.OrdinalIgnoreCase))
                {
                    return field.Value;
                }
            }

            return StringValues.Empty;
        }
    }

    /// <summary>Tells whether a field of this name is present.</summary>
    public bool Contains(string name) => this[name].Count > 0;

    /// <summary>
    /// Returns this list with one field set to <paramref name="value"/>. The field comes last; an old field of that name is left out.
    /// </summary>
    public FieldList With(string name, StringValues value)
    {
        var replaced = _fields.Where(field => !field.Key.Equals(name, StringComparison.OrdinalIgnoreCase));
        return new FieldList(replaced.Append(new(name, value)));
    }

    /// <summary>Returns this list without the fields for whose names <paramref name="leaveOut"/> returns true.</summary>
    public FieldList Without(Func<string, bool> leaveOut) => new(_fields.Where(field => !leaveOut(field.Key)));

    /// <inheritdoc/>
    public void CopyTo(ICollection<KeyValuePair<string, StringValues>> destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        foreach (var field in _fields)
        {
            destination.Add(field);
        }
    }

    /// <summary>Returns the fields as a span, for loops that must not allocate.</summary>
    public ReadOnlySpan<KeyValuePair<string, StringValues>> AsSpan() => _fields;

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, StringValues>> GetEnumerator() => _fields.AsEnumerable().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
