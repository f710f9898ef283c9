using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Storing;

/// <summary>RFC 9111 §3.2: how the fields of a 304 update those of the stored response.</summary>
internal static class Freshening
{
    // They describe the content as it is stored; a 304 has none, and taking its word would break what is served.
    private static readonly string[] DescribeContent = ["Content-Encoding", "Content-Length", "Content-MD5", "Content-Range", "Content-Type"];

    /// <summary>RFC 9111 §4.3.4: whether a 304 is about the stored response, and not about another with a tag of its own.</summary>
    public static bool IsAbout(CacheEntry stored, FieldList notModified) =>
        EntityTag.Parse(notModified["ETag"].ToString()) is not { IsWeak: false } tag || stored.EntityTag is not { } known || tag.WeaklyEquals(known);

    /// <summary>The fields after the update. A cookie is one client's, unless all are to have it.</summary>
    public static FieldList Update(FieldList stored, FieldList notModified, CachePolicy policy)
    {
        var updates = notModified.Without(name =>
            DescribeContent.Contains(name, StringComparer.OrdinalIgnoreCase)
            || (policy.SetCookie != SetCookieHandling.Store && name.StartsWith("Set-Cookie", StringComparison.OrdinalIgnoreCase)));
        return new FieldList([.. stored.Without(updates.Contains), .. updates]);
    }
}
