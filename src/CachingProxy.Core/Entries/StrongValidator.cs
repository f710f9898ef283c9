using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Entries;

/// <summary>
/// A validator that changes whenever the bytes do, so that parts with the same validator belong together (RFC 9110 §8.8.1).
/// </summary>
internal static class StrongValidator
{
    /// <summary>
    /// Returns the strong validator of a response in the form that <c>If-Range</c> takes; null where the response has none.
    /// </summary>
    public static string? Of(CacheEntry entry)
    {
        if (entry.EntityTag is { } tag)
        {
            return (tag.IsWeak ? null : tag.ToString());
        }

        if (entry.LastModified is { } modified && IsStrong(modified, entry.Date))
        {
            return HttpDate.Format(modified);
        }

        return null;
    }

    /// <summary>
    /// Tells whether the <c>If-Range</c> of a request names this very representation (RFC 9110 §13.1.5). True where the request has no
    /// <c>If-Range</c>.
    /// </summary>
    public static bool IsMetBy(IFields request, CacheEntry entry)
    {
        var lines = request["If-Range"];
        if (lines.Count != 1)
        {
            return lines.Count == 0;
        }

        return EntityTag.Parse(lines.ToString()) is { } tag
            ? entry.EntityTag?.StronglyEquals(tag) == true
            : entry.LastModified is { } modified
                && IsStrong(modified, entry.Date)
                && HttpDate.Parse(lines.ToString(), entry.Date) == modified;
    }

    // RFC 9110 §8.8.2.2: two changes within one second give the same Last-Modified.
    private static bool IsStrong(DateTimeOffset modified, DateTimeOffset date) => date - modified >= TimeSpan.FromSeconds(1);
}
