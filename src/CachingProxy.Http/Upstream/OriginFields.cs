using CachingProxy.Core.Parsing;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.Http.Upstream;

/// <summary>
/// The fields that the operator adds to every request to the origin, in place of the client's fields of the same names. Their values may be
/// secret. Immutable.
/// </summary>
public sealed class OriginFields
{
    // Fields that are not credentials. Any other configured field may be one.
    private static readonly HashSet<string> Harmless = new(StringComparer.OrdinalIgnoreCase)
    {
        "Accept",
        "Accept-Charset",
        "Accept-Encoding",
        "Accept-Language",
        "Cache-Control",
        "From",
        "Origin",
        "Pragma",
        "Referer",
        "User-Agent",
        "X-Requested-With",
    };

    private readonly IReadOnlyList<KeyValuePair<string, StringValues>> _fields;
    private readonly HashSet<string> _names;

    /// <summary>Takes the fields as they are to be sent.</summary>
    public OriginFields(IReadOnlyList<KeyValuePair<string, StringValues>> fields)
    {
        ArgumentNullException.ThrowIfNull(fields);
        _fields = fields;
        _names = new HashSet<string>(fields.Select(field => field.Key), StringComparer.OrdinalIgnoreCase);
        HasCredentials = fields.Any(field => !Harmless.Contains(field.Key));
    }

    /// <summary>No fields.</summary>
    public static OriginFields None { get; } = new([]);

    /// <summary>Tells whether a field may be a credential: requests then act with the operator's permissions.</summary>
    public bool HasCredentials { get; }

    /// <summary>The fields as texts, for code that must distinguish configurations. Secret.</summary>
    public IEnumerable<string> Texts => _fields.Select(sent => $"{sent.Key.ToLowerInvariant()}: {sent.Value}");

    /// <summary>Tells whether a field of this name is replaced.</summary>
    public bool Contains(string name) => _names.Contains(name);

    /// <summary>
    /// Returns true if the client's field of this name is a credential that never reaches the origin, because a configured field replaces
    /// it.
    /// </summary>
    public bool HidesCredential(string name) =>
        _names.Contains(name)
        && (
            name.Equals("Authorization", StringComparison.OrdinalIgnoreCase)
            || name.Equals("Cookie", StringComparison.OrdinalIgnoreCase)
            || CredentialFields.Contains(name)
        );

    /// <summary>Returns <paramref name="fields"/> with the configured fields in place of those of the same names.</summary>
    public FieldList ApplyTo(FieldList fields)
    {
        ArgumentNullException.ThrowIfNull(fields);
        return _fields.Count == 0 ? fields : new FieldList([.. fields.Without(_names.Contains), .. _fields]);
    }
}
