using Microsoft.Extensions.Primitives;

namespace CachingProxy.Core.Parsing;

/// <summary>The names that select a variant (RFC 9110 §12.5.5): lower case, sorted, each once.</summary>
internal sealed record VaryField(bool IsAny, IReadOnlyList<string> Names)
{
    /// <summary>The value for a response that does not vary.</summary>
    public static readonly VaryField None = new(false, []);

    /// <summary>
    /// Reads all lines. A <c>*</c>, or a member that is no field name, means that no request field can select the variant.
    /// </summary>
    public static VaryField Parse(StringValues lines)
    {
        if (lines.Count == 0)
        {
            return None;
        }

        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var line in lines)
        {
            names.UnionWith(ListReader.Split(line).Select(name => name.ToLowerInvariant()));
        }

        return names.Contains("*") || names.Any(name => !FieldSyntax.IsToken(name))
            ? new VaryField(true, [])
            : new VaryField(false, [.. names]);
    }
}
