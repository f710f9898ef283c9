using CachingProxy.Core.Decisions;
using CachingProxy.Core.Entries;
using CachingProxy.TestKit;

namespace CachingProxy.Core.Tests.Decisions;

/// <summary>RFC 9111 §4.3.4: which stored responses a 304 is about.</summary>
public class FresheningRulesTests
{
    private static readonly CacheEntry Older = Entry("ETag: \"1\"") with { Date = FakeTimeProvider.Start.AddSeconds(-10) };
    private static readonly CacheEntry Newer = Entry("ETag: \"1\"");
    private static readonly CacheEntry Weak = Entry("ETag: W/\"2\"");
    private static readonly CacheEntry Dated = Entry($"Last-Modified: {FakeTimeProvider.Start:R}");

    [Fact]
    public void A304_IsAboutTheResponsesWithItsTag()
    {
        Assert.Equal([Older, Newer], Select(Newer, "ETag: \"1\""));
        Assert.Equal([Newer], Select(Newer, "ETag: W/\"1\""));
        Assert.Equal([Weak], Select(Weak, "ETag: W/\"2\""));
        Assert.Equal([Weak], Select(Newer, "ETag: \"2\""));
        Assert.Empty(Select(Newer, "ETag: \"3\""));
        Assert.Empty(Select(Newer, "ETag: W/\"3\""));
        Assert.Empty(Select(Dated, "ETag: \"3\""));
    }

    [Fact]
    public void WithoutATag_ItIsAboutTheOneThatWasAskedAbout_UnlessItsDateIsAnother()
    {
        Assert.Equal([Newer], Select(Newer));
        Assert.Equal([Dated], Select(Dated, $"Last-Modified: {FakeTimeProvider.Start:R}"));
        Assert.Empty(Select(Dated, $"Last-Modified: {FakeTimeProvider.Start.AddSeconds(1):R}"));
    }

    [Fact]
    public void TheOneThatWasAskedAbout_CountsEvenIfItWasEvictedMeanwhile() =>
        Assert.Equal([Newer], Freshening.Select(Newer, [], Some.Fields("ETag: \"1\""), FakeTimeProvider.Start));

    private static IReadOnlyList<CacheEntry> Select(CacheEntry validating, params string[] notModified) =>
        Freshening.Select(validating, [Older, Newer, Weak, Dated], Some.Fields(notModified), FakeTimeProvider.Start);

    private static CacheEntry Entry(string field) => Some.Entry(field);
}
