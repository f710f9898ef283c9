namespace CachingProxy.Admin;

/// <summary>The sections of the RFCs behind the reasons.</summary>
internal static class ReasonSections
{
    private static readonly Dictionary<string, string> Sections = new()
    {
        ["fresh"] = "RFC 9111 §4.2",
        ["max-stale"] = "RFC 9111 §5.2.1.2",
        ["stale-while-revalidate"] = "RFC 5861 §3",
        ["stale-if-error"] = "RFC 5861 §4",
        ["vary-miss"] = "RFC 9111 §4.1",
        ["stale"] = "RFC 9111 §4.3",
        ["must-validate"] = "RFC 9111 §5.2.2.4",
        ["request"] = "RFC 9111 §5.2.1",
        ["method"] = "RFC 9111 §3",
        ["partial"] = "RFC 9111 §3.4",
        ["range"] = "RFC 9110 §14.2",
        ["precondition"] = "RFC 9110 §13.1",
        ["authorization"] = "RFC 9111 §3.5",
        ["upgrade"] = "RFC 9110 §7.8",
        ["no-store"] = "RFC 9111 §5.2.2.5",
        ["request-no-store"] = "RFC 9111 §5.2.1.5",
        ["private"] = "RFC 9111 §5.2.2.7",
        ["vary-any"] = "RFC 9111 §4.1",
        ["status"] = "RFC 9111 §3",
        ["no-lifetime"] = "RFC 9111 §4.2",
        ["not-understood"] = "RFC 9111 §5.2.2.3",
        ["not_cached"] = "RFC 9111 §5.2.1.7",
    };

    /// <summary>Returns the section; null where the reason is our own.</summary>
    public static string? Of(string reason) => Sections.GetValueOrDefault(reason);
}
