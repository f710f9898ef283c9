namespace CachingProxy.Core.Keys;

/// <summary>References to other URIs of the same origin, as <c>Location</c> and <c>Content-Location</c> make them.</summary>
internal static class UriReference
{
    /// <summary>The options for reading a reference without rewriting its path and query.</summary>
    public static readonly UriCreationOptions Raw = new() { DangerousDisablePathAndQueryCanonicalization = true };

    /// <summary>
    /// Returns the URI that a reference in a response for <paramref name="target"/> means; null where the text is no reference, or leads to
    /// another origin. Keys are compared byte for byte, so an absolute path is taken as it is written, unless it has dot segments to be
    /// resolved (RFC 3986 §5.2.4).
    /// </summary>
    public static CacheKey? Resolve(CacheKey target, string reference)
    {
        reference = reference.Split('#')[0];
        if (reference.Length == 0 || !Uri.TryCreate(target.ToString(), UriKind.Absolute, out var from))
        {
            return null;
        }

        if (reference.StartsWith("//", StringComparison.Ordinal))
        {
            reference = $"{from.Scheme}:{reference}";
        }

        if (reference[0] == '/' && !reference.Contains("/.", StringComparison.Ordinal))
        {
            return target with { Target = reference };
        }

        // An absolute URI without dot segments is taken byte for byte. The platform resolves every other reference.
        var isAbsolute =
            reference.StartsWith("http:", StringComparison.OrdinalIgnoreCase)
            || reference.StartsWith("https:", StringComparison.OrdinalIgnoreCase);
        var isResolved =
            isAbsolute && !reference.Contains("/.", StringComparison.Ordinal)
                ? Uri.TryCreate(reference, Raw, out var uri)
                : Uri.TryCreate(from, reference, out uri);
        return isResolved && uri!.GetLeftPart(UriPartial.Authority) == from.GetLeftPart(UriPartial.Authority)
            ? target with
            {
                Target = uri.PathAndQuery.StartsWith('/') ? uri.PathAndQuery : "/" + uri.PathAndQuery,
            }
            : null;
    }
}
