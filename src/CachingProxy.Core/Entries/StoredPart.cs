using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Entries;

/// <summary>The part of its representation that a stored response holds (RFC 9111 §3.3).</summary>
/// <param name="Stated">The range that the origin stated.</param>
/// <param name="Length">The number of bytes that are stored.</param>
/// <param name="Asked">The <c>Range</c> of the request that fetched this part. A request with the same <c>Range</c> gets the part
/// unchanged. Empty if several requests fetched the part, or if the <c>Range</c> was too long to remember.</param>
internal sealed record StoredPart(ContentRange Stated, long Length, string Asked)
{
    private const int MaxAskedLength = 64;

    /// <summary>
    /// Returns a <c>Range</c> as it is remembered: empty if it has more than <see cref="MaxAskedLength"/> characters, which no <c>Range</c>
    /// needs.
    /// </summary>
    public static string Remember(string range) => range.Length <= MaxAskedLength ? range : "";

    /// <summary>The position of the first byte.</summary>
    public long First => Stated.First;

    /// <summary>The position of the last byte that is stored.</summary>
    public long Last => Stated.First + Length - 1;

    /// <summary>Tells whether the origin sent as much as it stated; else the bytes are not put together with others.</summary>
    public bool IsExact => Stated.Length == Length;

    /// <summary>Tells whether this part and another overlap, or follow each other without a gap.</summary>
    public bool Adjoins(StoredPart other) => First <= other.Last + 1 && other.First <= Last + 1;
}
