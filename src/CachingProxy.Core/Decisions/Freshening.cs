using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Decisions;

/// <summary>Selects the stored responses that a 304 is about, and updates their fields (RFC 9111 §3.2, §4.3.4).</summary>
internal static class Freshening
{
    // These fields describe the content as it is stored; a 304 has none, and taking its word would break what is served.
    private static readonly string[] DescribeContent = ["Content-Encoding", "Content-Length", "Content-MD5", "Content-Range"];

    private static readonly string[] Validators = ["ETag", "Last-Modified"];

    /// <summary>
    /// The stored responses that a 304 updates, out of those that could have been chosen for its request: all with its
    /// strong validator; or the most recent with its weak one; or, if it has none, the one that was validated.
    /// </summary>
    /// <param name="validating">The stored response whose validators were sent; one of <paramref name="candidates"/>, if it is still
    /// stored.</param>
    /// <param name="candidates">All that could have been chosen for the request.</param>
    /// <param name="notModified">The fields of the 304.</param>
    /// <param name="wallNow">For the century of obsolete dates.</param>
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

        // Compared weakly, for some servers weaken the tag of what they compress, and forget to in the 304.
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
    /// Tells whether a response to HEAD has the validators and the length of a stored one, and so may update it (RFC 9111 §4.3.5).
    /// </summary>
    public static bool IsSameAs(CacheEntry stored, FieldList head, long? contentLength) =>
        Validators.All(name => !head.Contains(name) || head[name].ToString() == stored.Fields[name].ToString())
        && (contentLength is null || contentLength == stored.Body.Length);

    /// <summary>
    /// Tells whether a response to HEAD says anything of the stored content: by a validator, or by an explicit lifetime. Without, a
    /// lifetime that nobody stated would begin anew for content that may have changed.
    /// </summary>
    public static bool IsEvidence(FieldList head)
    {
        var control = ResponseDirectives.Parse(head);
        return Validators.Any(head.Contains) || control.MaxAge is not null || control.SharedMaxAge is not null || head.Contains("Expires");
    }

    /// <summary>The fields after the update. A cookie is one client's, unless all are to have it.</summary>
    public static FieldList Update(FieldList stored, FieldList update, CachePolicy policy)
    {
        var updates = update.Without(name =>
            DescribeContent.Contains(name, StringComparer.OrdinalIgnoreCase)
            // A strong tag that confirms a weak one makes no byte of what is stored any surer.
            || (name.Equals("ETag", StringComparison.OrdinalIgnoreCase) && stored.Contains("ETag"))
            || (policy.SetCookie != SetCookieHandling.Store && name.StartsWith("Set-Cookie", StringComparison.OrdinalIgnoreCase))
        );
        return new FieldList([.. stored.Without(updates.Contains), .. updates]);
    }
}
