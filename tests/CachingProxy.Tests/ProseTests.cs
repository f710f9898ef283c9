using System.Text.Json;
using System.Text.RegularExpressions;
using CachingProxy.Configuration;
using CachingProxy.Core.Messages;
using CachingProxy.TestKit;

namespace CachingProxy.Tests;

/// <summary>What the documents name exists.</summary>
public class ProseTests
{
    private static readonly string Root = Repository.Root;

    public static TheoryData<string> Documents =>
        [
            .. Directory
                .EnumerateFiles(Root, "*.md", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(Root, file))
                .Where(file =>
                    !file.StartsWith("artifacts", StringComparison.Ordinal)
                    && !file.StartsWith(".caching-proxy", StringComparison.Ordinal)
                    && !file.Contains("node_modules", StringComparison.Ordinal)
                ),
        ];

    [Theory]
    [MemberData(nameof(Documents))]
    public void EverySourceFileThatADocumentNames_Exists(string document)
    {
        var sources = Directory
            .EnumerateFiles(Root, "*.cs", SearchOption.AllDirectories)
            .Select(file => "/" + Path.GetRelativePath(Root, file))
            .ToList();
        foreach (Match name in Regex.Matches(File.ReadAllText(Path.Combine(Root, document)), "`([A-Za-z./-]+\\.cs)`"))
        {
            Assert.True(sources.Any(source => source.EndsWith("/" + name.Groups[1].Value, StringComparison.Ordinal)), name.Value);
        }
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void EveryLinkToAFile_LeadsToOne(string document)
    {
        foreach (Match link in Regex.Matches(File.ReadAllText(Path.Combine(Root, document)), "\\]\\(([^)#:]+)(#[^)]*)?\\)"))
        {
            Assert.True(Path.Exists(Path.Combine(Root, Path.GetDirectoryName(document)!, link.Groups[1].Value)), link.Value);
        }
    }

    [Fact]
    public async Task EveryTokenOfCacheStatus_AndEveryErrorCode_IsExplained_OnThePageToo()
    {
        var reasons = File.ReadAllText(Path.Combine(Root, "docs", "reasons.md"));
        var details = Enum.GetNames<ForwardReason>()
            .Concat(Enum.GetNames<HitReason>())
            .Concat(Enum.GetNames<NotStoredReason>())
            .Except([
                nameof(HitReason.Fresh),
                nameof(ForwardReason.UriMiss),
                nameof(ForwardReason.VaryMiss),
                nameof(ForwardReason.Stale),
                nameof(ForwardReason.ClientDirective),
                nameof(ForwardReason.Method),
            ])
            .Select(name => $"detail={Regex.Replace(name, "(?<!^)[A-Z]", letter => "-" + letter.Value).ToLowerInvariant()}`");
        Assert.All(
            [
                .. details,
                "`fwd=uri-miss`",
                "`fwd=vary-miss`",
                "`fwd=miss; ",
                "`fwd=stale`",
                "`fwd=request`",
                "`fwd=method`",
                "`fwd=partial`",
                "`hit`",
                "`stored`",
                "`collapsed`",
                "`fwd-status=",
                "`ttl=",
                "`key=",
                "detail=stale-if-error`",
            ],
            token => Assert.Contains(token, reasons)
        );

        await using var proxy = await TestProxy.StartWithAsync(new(), new());
        var page = await proxy.Client.GetStringAsync("/docs/reasons");
        var schemas = JsonDocument
            .Parse(await proxy.Client.GetStringAsync("/openapi.json"))
            .RootElement.GetProperty("components")
            .GetProperty("schemas");
        foreach (
            var code in schemas
                .GetProperty("ErrorDetail")
                .GetProperty("properties")
                .GetProperty("code")
                .GetProperty("enum")
                .EnumerateArray()
        )
        {
            Assert.Contains($"\n### {code}\n", reasons);
            Assert.Contains($"<h3 id=\"{code}\">", page);
        }
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void EveryOptionThatADocumentNames_Exists(string document)
    {
        // Options of other programs that documents speak of.
        string[] others = ["--soak", "--suite", "--nofile", "--force-evaluate", "--no-warnings"];
        var known = new CachingProxy.Commands.CommandLine().Options.Concat(others).ToHashSet();
        var named = Regex
            .Matches(File.ReadAllText(Path.Combine(Root, document)), "(?<=[ `(])--[a-z][a-z-]+")
            .Select(match => match.Value)
            .Distinct();
        Assert.Empty(named.Except(known));
    }

    [Fact]
    public void EverySetting_HasARowInTheDocumentation()
    {
        var documented = File.ReadAllText(Path.Combine(Root, "docs", "configuration.md"));
        Assert.All(SettingTable.All, setting => Assert.Contains($"| `--{setting.Name}` | `{setting.Environment}` |", documented));
    }
}
