using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Decisions;

/// <summary>Selects the stored responses that a 304 applies to, and updates their fields (RFC 9111 §3.2, §4.3.4).</summary>
internal static class Freshening
{
    // These fields describe the stored content. A 304 has no content, and its values of these fields would break the served response.
    private static readonly string[] DescribeContent = ["Content-Encoding", "Content-Length", "Content-MD5", "Content-Range"];

    private static readonly string[] Validators = ["ETag", "Last-Modified"];

    /// <summary>
    /// Returns the stored responses that a 304 updates, out of those that could have been chosen for its request. If the 304 has a strong
    /// entity tag, these are all responses with that tag; if it has a weak one, the most recent response with that tag. If it has no entity
    /// tag, the validated response is updated, unless <c>Last-Modified</c> differs.
    /// </summary>
    /// <param name="validating">The stored response whose validators were sent; one of <paramref name="candidates"/>, if it is still
    /// stored.</param>
    /// <param name="candidates">All stored responses that could have been chosen for the request.</param>
    /// <param name="notModified">The fields of the 304.</param>
    /// <param name="wallNow">The wall-clock time, which decides the century of a date with a two-digit year.</param>
    public static IReadOnlyList<CacheEntry> Select(
        CacheEntry validating,
        IReadOnlyList<CacheEntry> candidates,
        FieldList notModified,
        DateTimeOffset wallNow
    )
    {
        var hasSameDate =
            !notModified.Contains("Last-Modified")
            || HttpDate.Parse(notModified["Last-Modified"].ToString(), wallNow) == validating.LastModified;
        if (EntityTag.Parse(notModified["ETag"].ToString()) is not { } tag)
        {
            return hasSameDate ? [validating] : [];
        }

        // The tags are compared weakly: some servers weaken the tag of a compressed response, and forget to weaken it in the 304.
        var matching = candidates.Where(candidate => candidate.EntityTag?.WeaklyEquals(tag) == true).ToList();
        if (matching.Count > 0)
        {
            return (tag.IsWeak ? [matching.MaxBy(candidate => candidate.Date)!] : matching);
        }

        if (validating.EntityTag is { } known)
        {
            return (known.WeaklyEquals(tag) ? [validating] : []);
        }

        if (tag.IsWeak && hasSameDate)
        {
            return [validating];
        }

        return [];
    }

    /// <summary>
    /// Tells whether a response to HEAD has the validators and the length of a stored response, and so may update that response (RFC 9111
    /// §4.3.5).
    /// </summary>
    public static bool IsSameAs(CacheEntry stored, FieldList head, long? contentLength) =>
        Validators.All(name => !head.Contains(name) || head[name].ToString() == stored.Fields[name].ToString())
        && (contentLength is null || contentLength == stored.Body.Length);

    /// <summary>
    /// Tells whether a response to HEAD says anything about the stored content: by a validator, or by an explicit lifetime. An update by
    /// any other response would restart a lifetime that nobody stated, for content that may have changed.
    /// </summary>
    public static bool IsEvidence(FieldList head)
    {
        var control = ResponseDirectives.Parse(head);
        return Validators.Any(head.Contains) || control.MaxAge is not null || control.SharedMaxAge is not null || head.Contains("Expires");
    }

    /// <summary>
    /// Returns the fields after the update. A cookie in the update belongs to one client, and is left out unless the policy stores cookies
    /// for all.
    /// </summary>
    public static FieldList Update(FieldList stored, FieldList update, CachePolicy policy)
    {
        var updates = update.Without(name =>
            DescribeContent.Contains(name, StringComparer.OrdinalIgnoreCase)
            // The stored tag stays. A strong tag that matches a weak one does not prove that the stored content is the same byte for byte.
            || (name.Equals("ETag", StringComparison.OrdinalIgnoreCase) && stored.Contains("ETag"))
            || (policy.SetCookie != SetCookieHandling.Store && name.StartsWith("Set-Cookie", StringComparison.OrdinalIgnoreCase))
        );
        return new FieldList([.. stored.Without(updates.Contains), .. updates]);
    }
}
