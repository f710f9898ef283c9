using Microsoft.Extensions.Primitives;

namespace CachingProxy.Core.Parsing;

/// <summary>
/// The header fields of one message, looked up by name without regard to case. Two kinds exist: the fields of a
/// request that a server still holds, which are read in place, and <see cref="FieldList"/>, which owns its fields.
/// </summary>
public interface IFields
{
    /// <summary>All lines of a field, in the order received; empty when the field is absent.</summary>
    StringValues this[string name] { get; }

    /// <summary>Adds every field, name and lines as received, to <paramref name="destination"/>.</summary>
    void CopyTo(ICollection<KeyValuePair<string, StringValues>> destination);
}
