using CachingProxy.Core.Keys;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Decisions;

/// <summary>RFC 9111 §4.4: what a request that may have changed something invalidates.</summary>
public static class UnsafeMethods
{
    // RFC 9110 §9.2.1 and the registry: methods that are defined as safe. Any other may change something.
    private static readonly HashSet<string> Safe = ["GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "REPORT", "SEARCH", "QUERY", "PRI"];

    /// <summary>Tells whether a request may have changed something.</summary>
    public static bool IsUnsafe(string method) => !Safe.Contains(method);

    /// <summary>
    /// Tells whether the response may be one to a later GET of the same URI (RFC 9110 §9.3.3, RFC 5789 §2); whether it is, and may be
    /// stored, is for <see cref="StorageRules"/> to say.
    /// </summary>
    internal static bool MayLeaveResponse(string method, int status, IFields response) =>
        method is "POST" or "PATCH" && status == 200 && response["Content-Location"].Count > 0;

    /// <summary>RFC 9875 §4: the groups whose responses the origin says are invalid after a request that has changed something.</summary>
    internal static IEnumerable<string> InvalidatedGroups(string method, int status, IFields response) =>
        IsUnsafe(method) && status is >= 200 and <= 399 ? ResponseTags.Groups(response["Cache-Group-Invalidation"]).Distinct() : [];

    /// <summary>
    /// Returns the URIs to be invalidated after a response to a request, each once: none unless the method is unsafe and the answer no
    /// error.
    /// </summary>
    internal static IReadOnlyList<CacheKey> Invalidated(CacheRequest request, int status, IFields response)
    {
        if (!IsUnsafe(request.Method) || status is < 200 or > 399)
        {
            return [];
        }

        var invalidated = new List<CacheKey> { request.Key };
        foreach (var name in (string[])["Location", "Content-Location"])
        {
            // Only URIs of the same origin, by its own name or by the client's: anything else would let one site purge another's.
            var reference = response[name].ToString();
            if (UriReference.Resolve(request.Key, reference) is { } other)
            {
                invalidated.Add(other);
            }
            else if (
                Uri.TryCreate(
                    reference.StartsWith("//", StringComparison.Ordinal) ? "http:" + reference : reference,
                    UriReference.Raw,
                    out var uri
                )
                && uri.IsAbsoluteUri
                && uri.Scheme is "http" or "https"
            )
            {
                invalidated.AddRange(request.ResolveClientReference(uri));
            }
        }

        return [.. invalidated.Distinct()];
    }
}
