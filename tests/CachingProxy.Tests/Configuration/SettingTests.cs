using System.Net;
using System.Text;
using CachingProxy.Configuration;
using CachingProxy.Core.Messages;

namespace CachingProxy.Tests.Configuration;

public class SettingTests
{
    [Fact]
    public void EveryDefault_IsAsDocumented() =>
        Assert.Equivalent(
            new
            {
                Port = 8000,
                Host = IPAddress.Loopback,
                AdminPort = (int?)null,
                AdminHost = IPAddress.Loopback,
                Origin = (Uri?)null,
                OriginTimeout = TimeSpan.FromSeconds(60),
                OriginInsecure = false,
                OriginProxy = (IWebProxy?)null,
                BreakerMaxPause = TimeSpan.FromSeconds(30),
                TimeToLive = TimeSpan.FromSeconds(60),
                TtlMode = TtlMode.Respect,
                SetCookie = SetCookieHandling.Refuse,
                StripCookies = false,
                RewriteLocation = true,
                StaleDespiteSharedMaxAge = false,
                StaleIfError = TimeSpan.Zero,
                StaleWhileRevalidate = TimeSpan.Zero,
                Offline = false,
                OriginRateLimits = Array.Empty<Core.Limits.RateLimit>(),
                OriginQueueTimeout = TimeSpan.FromSeconds(10),
                RateLimits = Array.Empty<Core.Limits.RateLimit>(),
                RateLimitField = (string?)null,
                RateLimitHits = true,
                TrustedProxies = Array.Empty<IPNetwork>(),
                TrustsForwardedScheme = false,
                TrustsForwardedHost = false,
                ProxyProtocol = false,
                MaxConnectionsPerClient = 0,
                AccessLog = (CachingProxy.Telemetry.AccessLogFormat?)null,
                AccessLogFile = (string?)null,
                RedactedParameters = Array.Empty<string>(),
                LogLevels = LogLevels.Default,
                LogFormat = LogFormat.Text,
                Metrics = true,
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
            new ProxySettings()
        );

    [Theory]
    [InlineData("15", 15d)]
    [InlineData("15s", 15d)]
    [InlineData("5m", 300d)]
    [InlineData("1h", 3600d)]
    [InlineData("7d", 604_800d)]
    [InlineData("2w", 1_209_600d)]
    [InlineData("0", 0d)]
    [InlineData("31536000", 31536000d)]
    [InlineData("500ms", 0.5)]
    [InlineData("1.5h", 5400d)]
    [InlineData("1h30m", 5400d)]
    [InlineData("1H 30 M", null)]
    [InlineData("2m 5s", null)]
    [InlineData("0.25", 0.25)]
    [InlineData("30m1h", null)]
    [InlineData("1h1h", null)]
    [InlineData("1h30", null)]
    [InlineData("1y", null)]
    [InlineData("1.h.5", null)]
    [InlineData(".5", null)]
    [InlineData("1e3", null)]
    [InlineData("+5", null)]
    [InlineData("366d", null)]
    [InlineData("99999999999999999999", null)]
    [InlineData("", null)]
    public void Durations_AreReadInAllTheirUnits_AndNothingElseIs(string text, double? seconds) =>
        Assert.Equal(seconds is { } expected ? TimeSpan.FromSeconds(expected) : null, Quantities.ParseDuration(text));

    [Theory]
    [InlineData("256MB", 256L << 20)]
    [InlineData("64kb", 64L << 10)]
    [InlineData("1GB", 1L << 30)]
    [InlineData("1MiB", 1L << 20)]
    [InlineData("2gib", 2L << 30)]
    [InlineData("1TB", 1L << 40)]
    [InlineData("100", 100L)]
    [InlineData("100B", 100L)]
    [InlineData("1.5GB", 3L << 29)]
    [InlineData("0", 0L)]
    [InlineData("1.5", null)]
    [InlineData("1PB", null)]
    [InlineData("1025GB", null)]
    [InlineData("1MB5KB", null)]
    [InlineData("MB", null)]
    public void Sizes_AreReadInAllTheirUnits_AndNothingElseIs(string text, long? bytes) => Assert.Equal(bytes, Quantities.ParseBytes(text));

    [Fact]
    public void TheCommandLineWins_ThenTheEnvironment_ThenTheFile()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, "{ \"port\": 1, \"ttl\": 2, \"allowed-host\": [\"a\", \"b\"], /* why */ }");
        try
        {
            var (settings, notes) = SettingsReader.Read(
                name => name == "port" ? ["3"] : [],
                new Dictionary<string, string>
                {
                    ["CACHE_TTL"] = "4",
                    ["CACHING_PROXY_TTL"] = "5",
                    ["CACHING_PROXY_PORT"] = "4",
                },
                file
            );
            Assert.Empty(notes);
            Assert.Equal((3, TimeSpan.FromSeconds(4)), (settings.Port, settings.TimeToLive));
            Assert.Equal(["a", "b"], settings.AllowedHosts);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void CachingProxyTtl_IsTheTtl_WhereCacheTtlIsNotSet() =>
        Assert.Equal(TimeSpan.FromSeconds(5), FromEnvironment(("CACHING_PROXY_TTL", "5")).Settings.TimeToLive);

    [Theory]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    public void AFileWithAByteOrderMark_IsRead(string encoding)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "{ \"port\": 5 }", Encoding.GetEncoding(encoding));
            Assert.Equal(5, SettingsReader.Read(_ => [], new Dictionary<string, string>(), file).Settings.Port);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("{ \"origin-ca\": null }")]
    [InlineData("{ \"origin-ca\": \"\" }")]
    [InlineData("{ \"origin\": \"\\ud800\" }")]
    [InlineData("{ \"\\ud800\": 1 }")]
    public void AFileWithOddValues_IsAFault_AndNoMore(string content)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, content);
            Assert.Throws<SettingException>(() => SettingsReader.Read(_ => [], new Dictionary<string, string>(), file));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void AllFaultsAreToldAtOnce_InTheOrderOfTheSettings()
    {
        var refused = Assert.Throws<SettingException>(() =>
            SettingsReader.Read(
                name => name == "ttl" ? ["soon"] : [],
                new Dictionary<string, string> { ["CACHING_PROXY_PORT"] = "x", ["CACHING_PROXY_MAX_MEMORY"] = "1" },
                "/no/such/file"
            )
        );
        Assert.Collection(
            refused.Faults,
            fault => Assert.StartsWith("The configuration file /no/such/file cannot be read", fault),
            fault => Assert.StartsWith("CACHING_PROXY_PORT is 'x'", fault),
            fault => Assert.StartsWith("--ttl is 'soon'", fault),
            fault => Assert.Equal("CACHING_PROXY_MAX_MEMORY is '1'; give 1MB to 1024GB.", fault)
        );
    }

    [Fact]
    public void WhatKubernetesSets_IsIgnored_AndSaid()
    {
        var (settings, notes) = FromEnvironment(
            ("CACHING_PROXY_PORT", "tcp://10.96.0.7:80"),
            ("CACHING_PROXY_PORT_80_TCP", "tcp://10.96.0.7:80"),
            ("CACHING_PROXY_PORT_80_TCP_PORT", "80"),
            ("CACHING_PROXY_SERVICE_HOST", "10.96.0.7"),
            ("CACHING_PROXY_SERVICE_PORT_HTTP", "80"),
            ("CACHING_PROXY_STORE_SERVICE_HOST", "10.96.0.8")
        );
        Assert.Equal(8000, settings.Port);
        Assert.StartsWith("CACHING_PROXY_PORT, CACHING_PROXY_PORT_80_TCP, ", Assert.Single(notes));
    }

    [Theory]
    [InlineData("CACHING_PROXY_ORIGN", "CACHING_PROXY_ORIGN is set, and is no setting; did you mean CACHING_PROXY_ORIGIN?")]
    [InlineData("CACHING_PROXY_IMAGE_VERSION_OF_OURS", "CACHING_PROXY_IMAGE_VERSION_OF_OURS is set, and is no setting.")]
    public void AVariableThatLooksLikeASettingAndIsNone_IsNamed(string name, string note) =>
        Assert.Equal(note, Assert.Single(FromEnvironment((name, "x")).Notes));

    [Theory]
    [InlineData("localhost:8080", "is 'localhost:8080'; write http://localhost:8080")]
    [InlineData("dummyjson.com", "is 'dummyjson.com'; write https://dummyjson.com")]
    [InlineData("10.0.0.7/api", "is '10.0.0.7/api'; write http://10.0.0.7/api")]
    [InlineData("backend:9000", "is 'backend:9000'; write http://backend:9000")]
    [InlineData("//api.test", "is '//api.test'; write https://api.test")]
    [InlineData("http://a.test/x?key=secret", "has a query or a fragment; leave it out, and give a key as --origin-header.")]
    [InlineData(
        "http://me:secret@a.test",
        "has user information (an @); leave it out, and give it as --origin-header 'Authorization: Basic ...'."
    )]
    [InlineData(
        "me:secret@a.test",
        "has user information (an @); leave it out, and give it as --origin-header 'Authorization: Basic ...'."
    )]
    [InlineData("ftp://a.test", null)]
    [InlineData("http://", null)]
    public void AnOriginThatIsNoUrl_IsAnsweredWithWhatItShouldHaveBeen(string text, string? explanation) =>
        Assert.Equal(explanation, OriginUrl.Explain(text));

    private static (ProxySettings Settings, IReadOnlyList<string> Notes) FromEnvironment(params (string Name, string Value)[] variables) =>
        SettingsReader.Read(_ => [], variables.ToDictionary(variable => variable.Name, variable => variable.Value), null);
}
