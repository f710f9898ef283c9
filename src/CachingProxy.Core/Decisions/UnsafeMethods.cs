using CachingProxy.Core.Keys;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Decisions;

/// <summary>Finds the URIs and groups that a request with an unsafe method invalidates (RFC 9111 §4.4).</summary>
public static class UnsafeMethods
{
    // RFC 9110 §9.2.1 and the registry: methods that are defined as safe. Any other may change something.
    private static readonly HashSet<string> Safe = ["GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "REPORT", "SEARCH", "QUERY", "PRI"];

    /// <summary>Tells whether a request may have changed something.</summary>
    public static bool IsUnsafe(string method) => !Safe.Contains(method);

    /// <summary>
    /// Tells whether the response may also answer a later GET of the same URI (RFC 9110 §9.3.3, RFC 5789 §2). <see cref="StorageRules"/>
    /// decides whether it does, and whether it is stored.
    /// </summary>
    internal static bool MayLeaveResponse(string method, int status, IFields response) =>
        method is "POST" or "PATCH" && status == 200 && response["Content-Location"].Count > 0;

    /// <summary>
    /// Returns the groups that the origin declares invalid in its response to a request with an unsafe method (RFC 9875 §4).
    /// </summary>
    internal static IEnumerable<string> InvalidatedGroups(string method, int status, IFields response) =>
        IsUnsafe(method) && status is >= 200 and <= 399 ? ResponseTags.Groups(response["Cache-Group-Invalidation"]).Distinct() : [];

    /// <summary>
    /// Returns the URIs that a response to a request invalidates, each once. Returns none if the method is safe or the response is an
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
            // Only URIs of the same origin are invalidated, under its own name or under the name that the client used. Otherwise one site
            // could purge the URIs of another.
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
