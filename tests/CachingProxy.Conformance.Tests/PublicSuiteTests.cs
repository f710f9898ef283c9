using System.Text.Json;
using CachingProxy.TestKit;

namespace CachingProxy.Conformance.Tests;

/// <summary>
/// The public cache tests (http-cache-tests on npm) against <c>--ttl 0 --ttl-mode respect --set-cookie store</c>: every
/// test of the suite has the outcome that expectations.json names.
/// </summary>
public sealed class PublicSuiteTests(PublicSuiteRun run) : IClassFixture<PublicSuiteRun>
{
    private static readonly IReadOnlyDictionary<string, Expectation> Expectations = JsonSerializer.Deserialize<
        Dictionary<string, Expectation>
    >(File.ReadAllText(Path.Combine(PublicSuiteRun.Folder, "expectations.json")), JsonSerializerOptions.Web)!;

    public static IEnumerable<TheoryDataRow<string>> Ids =>
        Expectations.Keys.Select(id => new TheoryDataRow<string>(id) { Skip = PublicSuiteRun.Missing });

    [Theory]
    [MemberData(nameof(Ids))]
    public void EveryTestOfTheSuite_HasTheOutcomeThatIsExpected(string id)
    {
        Assert.True(run.Outcomes.TryGetValue(id, out var actual), $"{id} is not in the suite any more: take it out of expectations.json.");
        var expected = Expectations[id];
        Assert.Equal(expected.Kind, actual.Kind);
        Assert.True(
            expected.Outcome == actual.Result,
            actual.Result == "pass"
                ? $"{id} passes now: say so in expectations.json, and in docs/conformance.md."
                : $"{id}: {actual.Result}, and not {expected.Outcome}. {actual.Detail}"
        );
    }

    [Fact]
    public void NoTestOfTheSuite_IsLeftOut()
    {
        Assert.SkipWhen(PublicSuiteRun.Missing is not null, PublicSuiteRun.Missing ?? "");
        Assert.Empty(run.Outcomes.Keys.Except(Expectations.Keys));
    }

    [Fact]
    public void WhatIsRequiredOrOptional_AndDoesNotPass_SaysWhichTextContradictsIt() =>
        Assert.All(
            Expectations.Where(test => test.Value.Kind != "check" && test.Value.Outcome != "pass"),
            test => Assert.Matches(@"(RFC \d+ §\d|attacks\.md [A-M]\d\d)", test.Value.Why ?? $"{test.Key} does not say why")
        );

    [Fact]
    public void TheTableInTheDocuments_CountsWhatIsExpected()
    {
        var document = File.ReadAllText(Path.Combine(Repository.Root, "docs", "conformance.md"));
        Assert.Contains($"| **caching-proxy** | {Passed("required")} | {Passed("optimal")} |", document);

        static string Passed(string kind)
        {
            var tests = Expectations.Values.Where(test => test.Kind == kind).ToList();
            return $"{tests.Count(test => test.Outcome == "pass")} of {tests.Count}";
        }
    }

    private sealed record Expectation(string Kind, string Outcome, string? Why);
}
