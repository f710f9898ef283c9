using System.Text.RegularExpressions;
using CachingProxy.TestKit;

namespace CachingProxy.Conformance.Tests;

/// <summary>docs/rfc9111-map.md is true: each rule and each test that it names exists.</summary>
public sealed partial class MapTests
{
    private static readonly string TestSources = string.Join(
        '\n',
        Directory
            .EnumerateFiles(Path.Combine(Repository.Root, "tests"), "*Tests.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("node_modules", StringComparison.Ordinal))
            .Select(File.ReadAllText)
    );

    public static IEnumerable<TheoryDataRow<string, string, string>> Rows =>
        File.ReadLines(Path.Combine(Repository.Root, "docs", "rfc9111-map.md"))
            .Select(line => line.Split(" | "))
            .Where(cells => cells.Length == 4 && char.IsAsciiDigit(cells[0].Trim('|', ' ')[0]))
            .Select(cells => new TheoryDataRow<string, string, string>(
                $"{cells[0].Trim('|', ' ')} {cells[1]}",
                cells[2],
                cells[3].Trim('|', ' ')
            ));

    [Theory]
    [MemberData(nameof(Rows))]
    public void EachRequirement_HasItsRuleAndItsTest(string requirement, string rules, string tests)
    {
        var named = Rule().Matches(rules);
        Assert.True(named.Count > 0, $"{requirement} names no rule.");
        foreach (Match rule in named)
        {
            var path = rule.Groups[1].Value;
            var file = Path.Combine(
                Repository.Root,
                path.StartsWith("src/", StringComparison.Ordinal) ? path : "src/CachingProxy.Core/" + path
            );
            Assert.True(File.Exists(file), $"{path} does not exist.");
            Assert.Matches($@"\b{rule.Groups[2].Value}[(<]", File.ReadAllText(file));
        }

        Assert.All(
            tests.Split(", "),
            test =>
                Assert.True(
                    Scenario.All.ContainsKey(test) || Regex.IsMatch(TestSources, $@"\b{Regex.Escape(test)}\("),
                    $"{test} is no test."
                )
        );
    }

    [Fact]
    public void EverySectionOfStoringReusingAndFields_HasItsRequirements()
    {
        var sections = Rows.Select(row => row.Data.Item1.Split(' ')[0]).ToHashSet();
        Assert.Superset(
            new HashSet<string>([
                "3",
                "3.1",
                "3.2",
                "3.3",
                "3.4",
                "3.5",
                "4",
                "4.1",
                "4.2",
                "4.2.1",
                "4.2.2",
                "4.2.3",
                "4.2.4",
                "4.3.1",
                "4.3.2",
                "4.3.3",
                "4.3.4",
                "4.3.5",
                "4.4",
                "5.1",
                "5.3",
                "5.4",
            ]),
            sections
        );
    }

    [GeneratedRegex(@"`([A-Za-z./]+\.cs)` `([A-Za-z]+)`")]
    private static partial Regex Rule();
}
