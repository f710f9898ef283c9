using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Entries;

/// <summary>
/// RFC 9110 §8.8.1: a validator that changes whenever the bytes do, so that parts with the same validator belong together.
/// </summary>
internal static class StrongValidator
{
    /// <summary>The strong validator of a response as <c>If-Range</c> takes it; null where it has none.</summary>
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

    /// <summary>RFC 9110 §13.1.5: whether a request wants a range of this very representation; true where it says nothing.</summary>
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
