using CachingProxy.Core.Keys;

namespace CachingProxy.Core.Purging;

/// <summary>RFC 9111 §4.4: what a request that may have changed something invalidates.</summary>
internal static class UnsafeMethods
{
    // RFC 9110 §9.2.1 and the registry: methods that are defined as safe. Any other may change something.
    private static readonly HashSet<string> Safe = ["GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "REPORT", "SEARCH", "QUERY", "PRI"];

    /// <summary>Whether a request may have changed something.</summary>
    public static bool IsUnsafe(string method) => !Safe.Contains(method);

    /// <summary>The URIs to be invalidated after a response to a request: none unless the method is unsafe and the answer no error.</summary>
    public static IEnumerable<CacheKey> Invalidated(string method, CacheKey target, int status, IFields response)
    {
        if (!IsUnsafe(method) || status is < 200 or > 399)
        {
            yield break;
        }

        yield return target;
        foreach (var name in (string[])["Location", "Content-Location"])
        {
            if (SameOrigin(target, response[name].ToString()) is { } other && other != target)
            {
                yield return other;
            }
        }
    }

    // Only URIs of the same origin: anything else would let one site purge another's. Keys are bytes, so that a path is
    // taken as it is written wherever it stands by itself.
    private static CacheKey? SameOrigin(CacheKey target, string reference)
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
