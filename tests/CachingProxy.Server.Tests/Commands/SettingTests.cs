using System.Net;
using CachingProxy.Configuration;
using CachingProxy.Core;

namespace CachingProxy.Server.Tests.Commands;

public class SettingTests
{
    [Fact]
    public void EveryDefault_IsAsDocumented() => Assert.Equivalent(
        new
        {
            Port = 8000,
            Host = IPAddress.Loopback,
            Origin = (Uri?)null,
            TimeToLive = TimeSpan.FromSeconds(60),
            TtlMode = TtlMode.Respect,
            SetCookie = SetCookieHandling.Refuse,
            StripCookies = false,
            StaleDespiteSharedMaxAge = false,
            WaitTimeout = TimeSpan.FromSeconds(10),
            ClientTimeout = TimeSpan.FromSeconds(30),
            UncacheableTimeToLive = TimeSpan.FromSeconds(120),
            EarlyRefresh = 0d,
            MaxFetches = 512,
            SendTags = false,
            MaxMemoryBytes = 256L << 20,
            Store = (StoreSetting?)null,
            MaxDiskBytes = 1L << 30,
            MaxObjectBytes = 64L << 20,
            AdminToken = (string?)null,
        },
        new ProxySettings());

    [Theory]
    [InlineData("15", 15)]
    [InlineData("15s", 15)]
    [InlineData("5m", 300)]
    [InlineData("1h", 3600)]
    [InlineData("7d", 604_800)]
    [InlineData("2w", 1_209_600)]
    [InlineData("0", 0)]
    [InlineData("31536000", 31536000)]
    public void Durations_AreReadInAllTheirUnits(string text, int seconds) => Assert.Equal(TimeSpan.FromSeconds(seconds), Quantities.ParseDuration(text));

    [Theory]
    [InlineData("256MB", 256L << 20)]
    [InlineData("64kb", 64L << 10)]
    [InlineData("1GB", 1L << 30)]
    [InlineData("1MiB", 1L << 20)]
    [InlineData("2gib", 2L << 30)]
    [InlineData("1TB", 1L << 40)]
    [InlineData("100", 100)]
    [InlineData("0", 0)]
    public void Sizes_AreReadInAllTheirUnits(string text, long bytes) => Assert.Equal(bytes, Quantities.ParseBytes(text));

    [Fact]
    public void TheCommandLineWins_ThenTheEnvironment_ThenTheFile()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, "{ \"port\": 1, \"ttl\": 2, \"allowed-host\": [\"a\", \"b\"], /* why */ }");
        try
        {
            var settings = SettingsReader.Read(
                name => name == "port" ? ["3"] : [], name => name is "CACHE_TTL" or "CACHING_PROXY_PORT" ? "4" : null, file);
            Assert.Equal((3, TimeSpan.FromSeconds(4)), (settings.Port, settings.TimeToLive));
            Assert.Equal(["a", "b"], settings.AllowedHosts);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
