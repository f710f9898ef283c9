namespace CachingProxy.Core.Keys;

/// <summary>References to other URIs of the same origin, as <c>Location</c> and <c>Content-Location</c> make them.</summary>
internal static class UriReference
{
    /// <summary>
    /// The URI that a reference in a response for <paramref name="target"/> means; null where it is none, or leads to another origin.
    /// Keys are bytes, so that a path is taken as it is written wherever it stands by itself.
    /// </summary>
    public static CacheKey? Resolve(CacheKey target, string reference)
    {
        if (reference.StartsWith('/') && !reference.StartsWith("//", StringComparison.Ordinal))
        {
            return target with { Target = reference.Split('#')[0] };
        }

        var raw = new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true };
        return reference.Length > 0 && Uri.TryCreate(target.ToString(), UriKind.Absolute, out var from)
            && (Uri.TryCreate(reference, raw, out var uri) || Uri.TryCreate(from, reference, out uri))
            && uri.GetLeftPart(UriPartial.Authority) == from.GetLeftPart(UriPartial.Authority)
            ? target with { Target = uri.PathAndQuery }
            : null;
    }
}
