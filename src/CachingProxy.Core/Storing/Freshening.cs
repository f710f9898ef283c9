namespace CachingProxy.Core.Storing;

/// <summary>RFC 9111 §3.2: how the fields of a 304 update those of the stored response.</summary>
internal static class Freshening
{
    // They describe the content as it is stored; a 304 has none, and taking its word would break what is served.
    private static readonly string[] DescribeContent = ["Content-Encoding", "Content-Length", "Content-MD5", "Content-Range", "Content-Type"];

    public static FieldList Update(FieldList stored, FieldList notModified)
    {
        var updates = notModified.Without(name => DescribeContent.Contains(name, StringComparer.OrdinalIgnoreCase));
        return new FieldList([.. stored.Without(updates.Contains), .. updates]);
    }
}
