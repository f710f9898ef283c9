namespace CachingProxy.Core.Parsing;

/// <summary>
/// Fields that hold a digest of the very bytes of a message's content (RFC 9530 §2): of a slice, or of what was put together,
/// they are wrong. A digest of the representation (<c>Repr-Digest</c>) is right for all of its parts.
/// </summary>
internal static class ContentDigests
{
    /// <summary>Tells whether a field of this name is a digest.</summary>
    public static bool Contains(string name) =>
        name.Equals("Content-Digest", StringComparison.OrdinalIgnoreCase) || name.Equals("Content-MD5", StringComparison.OrdinalIgnoreCase);
}
