using System.Text.RegularExpressions;

namespace CachingProxy.Telemetry;

/// <summary>
/// The explanations of all reasons, read from docs/reasons.md: from the rows of its tables, and from the sections of the error codes.
/// </summary>
internal static partial class ReasonTexts
{
    private const string NotStoredHeading = "## Why a response was not stored";
    private const int TimeoutMilliseconds = 1000;

    private static readonly Lazy<(Dictionary<string, ReasonText> NotStored, Dictionary<string, ReasonText> Others)> Parsed = new(Parse);

    /// <summary>Returns the explanation of a reason; null where there is none.</summary>
    /// <param name="reason">The token.</param>
    /// <param name="isNotStored">Whether it says why a response was not stored. Some tokens mean something else elsewhere.</param>
    public static ReasonText? Of(string reason, bool isNotStored) =>
        (isNotStored ? Parsed.Value.NotStored.GetValueOrDefault(reason) : null) ?? Parsed.Value.Others.GetValueOrDefault(reason);

    private static (Dictionary<string, ReasonText> NotStored, Dictionary<string, ReasonText> Others) Parse()
    {
        using var reader = new StreamReader(typeof(ReasonTexts).Assembly.GetManifestResourceStream("reasons.md")!);
        var page = reader.ReadToEnd();
        var begin = page.IndexOf(NotStoredHeading, StringComparison.Ordinal);
        var end = page.IndexOf("\n## ", begin + 1, StringComparison.Ordinal);
        var others = RowsOf(page.Remove(begin, end - begin));
        foreach (Match section in Section().Matches(page))
        {
            others.TryAdd(section.Groups["code"].Value, new ReasonText(Plain(section.Groups["text"].Value), ""));
        }

        return (RowsOf(page[begin..end]), others);
    }

    private static Dictionary<string, ReasonText> RowsOf(string markdown)
    {
        var texts = new Dictionary<string, ReasonText>();
        foreach (Match row in Row().Matches(markdown))
        {
            var way = Plain(row.Groups["way"].Value);
            var token = row.Groups["token"].Value.Split('=')[^1];
            texts.TryAdd(token, new ReasonText(Plain(row.Groups["meaning"].Value), way == "Nothing." ? "" : way));
        }

        return texts;
    }

    // Markdown's marks are of no use in a log.
    private static string Plain(string markdown) =>
        Space().Replace(Link().Replace(markdown, "${text}").Replace("`", "", StringComparison.Ordinal), " ").Trim();

    // | `detail=private` | meaning | what can be done |
    [GeneratedRegex(@"^\| `(?<token>[^`]+)` \| (?<meaning>[^|]+) \|(?: (?<way>[^|]+) \|)?$", RegexOptions.Multiline, TimeoutMilliseconds)]
    private static partial Regex Row();

    // ### code, and the paragraph below
    [GeneratedRegex(@"^### (?<code>\w+)\n+(?<text>(?:[^\n#][^\n]*\n)+)", RegexOptions.Multiline, TimeoutMilliseconds)]
    private static partial Regex Section();

    [GeneratedRegex(@"\[(?<text>[^\]]+)\]\([^)]+\)", RegexOptions.None, TimeoutMilliseconds)]
    private static partial Regex Link();

    [GeneratedRegex(@"\s+", RegexOptions.None, TimeoutMilliseconds)]
    private static partial Regex Space();
}
