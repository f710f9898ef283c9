using CachingProxy.Configuration;
using CachingProxy.Core.Limits;

namespace CachingProxy.Tests.Configuration;

/// <summary>Rate limits as people write them.</summary>
public class RateLimitsTests
{
    [Theory]
    [InlineData("100/1m", "100/60s")]
    [InlineData("5/1s", "5/1s")]
    [InlineData("5/s", "5/1s")]
    [InlineData("60/m", "60/60s")]
    [InlineData("10/500ms", "10/0.5s")]
    [InlineData("1000/1h30m", "1000/5400s")]
    [InlineData("100/1m burst=20", "100/60s 20/12s")]
    [InlineData("100/1m;burst=1", "100/60s 1/0.6s")]
    [InlineData("0/1m", null)]
    [InlineData("-1/1m", null)]
    [InlineData("100", null)]
    [InlineData("100/", null)]
    [InlineData("/1m", null)]
    [InlineData("100/0", null)]
    [InlineData("100/25h", null)]
    [InlineData("100001/1m", null)]
    [InlineData("100/1m/2", null)]
    [InlineData("100/1m burst=0", null)]
    [InlineData("100/1m burst=101", null)]
    [InlineData("100/1m bust=5", null)]
    [InlineData("", null)]
    public void ALimit_IsReadAsItIsMeant_OrRefused(string text, string? limits) =>
        Assert.Equal(limits, RateLimits.Parse([text]) is { } parsed ? string.Join(' ', parsed) : null);

    [Fact]
    public void ARateOfZero_IsRefused_AndTheMessageSaysHowToHaveNoLimit()
    {
        var refused = Assert.Throws<SettingException>(() =>
            SettingsReader.Read(name => name == "rate-limit" ? ["0/1m"] : [], new Dictionary<string, string>(), null)
        );
        Assert.Equal(
            "--rate-limit is '0/1m', which would permit nothing; leave the setting out to have no limit.",
            Assert.Single(refused.Faults)
        );
    }

    [Fact]
    public void ABurst_IsNeverMoreThanTheLimitItself() =>
        Assert.Equal(new RateLimit(20, TimeSpan.FromSeconds(12)), RateLimits.Parse(["100/1m burst=20"])![1]);
}
