namespace CachingProxy.Core.Parsing;

/// <summary>
/// Fields that hold a digest of the bytes of one message's content (RFC 9530 §2). They are wrong for a slice of the content, and for
/// content that was put together from parts. A digest of the representation (<c>Repr-Digest</c>) is right for all of its parts.
/// </summary>
internal static class ContentDigests
{
    /// <summary>Tells whether a field of this name is a digest.</summary>
    public static bool Contains(string name) =>
        name.Equals("Content-Digest", StringComparison.OrdinalIgnoreCase) || name.Equals("Content-MD5", StringComparison.OrdinalIgnoreCase);
}
