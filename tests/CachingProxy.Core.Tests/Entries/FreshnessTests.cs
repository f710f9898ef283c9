using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using CachingProxy.TestKit;

namespace CachingProxy.Core.Tests.Entries;

public class FreshnessTests
{
    private static readonly DateTimeOffset Now = FakeTimeProvider.Start;
    private static readonly string Date = $"Date: {Now:R}";

    [Theory]
    [InlineData("s-maxage=10, max-age=20", 10)]
    [InlineData("max-age=20", 20)]
    public void StatedLifetimes_WinOverTheTtl_AndSharedOverPrivate(string control, int seconds) =>
        Assert.Equal(
            new Freshness(TimeSpan.FromSeconds(seconds), FreshnessSource.Explicit),
            Of(200, new CachePolicy(), Date, $"Cache-Control: {control}", $"Expires: {Now.AddHours(1):R}")
        );

    [Fact]
    public void Expires_CountsFromDate() =>
        Assert.Equal(
            new Freshness(TimeSpan.FromHours(1), FreshnessSource.Explicit),
            Of(200, new CachePolicy(), Date, $"Expires: {Now.AddHours(1):R}")
        );

    [Theory]
    [InlineData("0")]
    [InlineData("garbage")]
    public void F16_ExpiresThatIsNoDate_HasExpired(string expires) =>
        Assert.Equal(new Freshness(TimeSpan.Zero, FreshnessSource.Explicit), Of(200, new CachePolicy(), Date, $"Expires: {expires}"));

    [Theory]
    [InlineData(200)]
    [InlineData(203)]
    [InlineData(204)]
    [InlineData(300)]
    [InlineData(301)]
    [InlineData(308)]
    [InlineData(410)]
    public void TheTtl_AppliesToResponsesWithoutLifetime(int status) =>
        Assert.Equal(new Freshness(TimeSpan.FromSeconds(60), FreshnessSource.TimeToLive), Of(status, new CachePolicy(), Date));

    [Theory]
    [InlineData(302)]
    [InlineData(404)]
    [InlineData(500)]
    [InlineData(501)]
    public void F07_TheTtl_NeverAppliesToErrors(int status) =>
        Assert.Equal(default, Of(status, new CachePolicy(), Date, $"Last-Modified: {Now.AddDays(-10):R}"));

    [Fact]
    public void WithTtlZero_ATenthOfTheTimeSinceLastModifiedIsTheLifetime() =>
        Assert.Equal(
            new Freshness(TimeSpan.FromDays(1), FreshnessSource.Heuristic),
            Of(404, new CachePolicy { TimeToLive = TimeSpan.Zero }, Date, $"Last-Modified: {Now.AddDays(-10):R}")
        );

    [Theory]
    [InlineData("no-store")]
    [InlineData("max-age=1")]
    public void InOverrideMode_OnlyTheTtlCounts(string control) =>
        Assert.Equal(
            new Freshness(TimeSpan.FromSeconds(60), FreshnessSource.TimeToLive),
            Of(200, new CachePolicy { TtlMode = TtlMode.Override }, Date, $"Cache-Control: {control}")
        );

    private static Freshness Of(int status, CachePolicy policy, params string[] fields)
    {
        var list = Some.Fields(fields);
        return Freshness.Of(status, list, CacheControlParser.Parse(list["Cache-Control"]), policy, Now);
    }
}
