using System.Text;
using Markdig;
using Markdig.Extensions.AutoIdentifiers;

namespace CachingProxy.Admin;

/// <summary>
/// The page <c>/docs/reasons</c>: docs/reasons.md as HTML. Each error code has a heading there, which the <c>type</c> of problem documents
/// links to.
/// </summary>
internal static class ReasonsPage
{
    private const string Style = """
        body{font:16px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em}
        table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.3em .6em;text-align:left;vertical-align:top}
        code{white-space:nowrap}:target{background:#ffe9a8}
        """;

    private static readonly Lazy<byte[]> Page = new(() =>
    {
        using var reader = new StreamReader(typeof(ReasonsPage).Assembly.GetManifestResourceStream("reasons.md")!);
        var pipeline = new MarkdownPipelineBuilder().UsePipeTables().UseAutoIdentifiers(AutoIdentifierOptions.GitHub).DisableHtml().Build();
        return Encoding.UTF8.GetBytes(
            $"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>caching-proxy: reasons</title>"
                + $"<style>{Style}</style>{Markdown.ToHtml(reader.ReadToEnd(), pipeline)}</html>\n"
        );
    });

    /// <summary>The path of the page.</summary>
    public const string Path = "/docs/reasons";

    /// <summary>Returns the page, HTML in UTF-8.</summary>
    public static byte[] Html => Page.Value;
}
