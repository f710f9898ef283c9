using System.Net;
using CachingProxy.Configuration;
using CachingProxy.Core.Messages;
using CachingProxy.Http.Targets;
using CachingProxy.Serving;
using CachingProxy.TestKit;

namespace CachingProxy.Tests.Stores;

/// <summary>F26: what is stored does not outlive the configuration under which it was fetched.</summary>
public sealed class ConfigurationChangeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task F26_AStoredCookie_IsNotServed_WhenCookiesAreRefused()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x", "Cache-Control: max-age=60", "Set-Cookie: sid=alice"));
        await FetchAsync(origin, new ProxySettings { SetCookie = SetCookieHandling.Store }, "/x");
        var after = await FetchAsync(origin, new ProxySettings(), "/x");
        Assert.Equal("MISS", after.Headers.GetValues("X-Cache").Single());
    }

    [Theory]
    [InlineData("one", "other", "MISS")]
    [InlineData("one", "one", "HIT")]
    [InlineData("one", null, "MISS")]
    public async Task F26_AnotherCredentialOfTheOperator_DoesNotGetWhatTheFirstOneGot(string before, string? after, string expected)
    {
        await using var origin = new FakeOrigin(request => FakeOrigin.Response($"\"{request["X-Api-Key"]}\"", "Cache-Control: max-age=60"));
        await FetchAsync(origin, WithKey(before), "/x");
        Assert.Equal(expected, (await FetchAsync(origin, WithKey(after), "/x")).Headers.GetValues("X-Cache").Single());
        await FetchAsync(origin, WithKey(before), "/proxy?url=y");
        Assert.Equal(expected, (await FetchAsync(origin, WithKey(after), "/proxy?url=y")).Headers.GetValues("X-Cache").Single());
    }

    [Fact]
    public async Task F26_StrippedCookies_AreNotTheSameQuestion()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x", "Cache-Control: max-age=60"));
        await FetchAsync(origin, new ProxySettings { StripCookies = true }, "/x");
        Assert.Equal("MISS", (await FetchAsync(origin, new ProxySettings(), "/x")).Headers.GetValues("X-Cache").Single());
    }

    [Fact]
    public async Task F26_ATargetThatIsNotPermittedAnyMore_IsNotServedFromWhatIsStored()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("1"));
        var dependencies = new ServerDependencies { Resolve = (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback]) };
        var url = $"/proxy?url=http://inside.example.test:{origin.Url.Port}/x";
        var permitting = new ProxySettings { AllowedTargets = [AllowedTarget.Parse($"127.0.0.0/8:{origin.Url.Port}")!], AdminToken = "t" };
        Assert.Equal(HttpStatusCode.OK, (await FetchAsync(null, permitting, url, dependencies)).StatusCode);
        var after = await FetchAsync(null, permitting with { AllowedTargets = [] }, url, dependencies);
        Assert.Equal(HttpStatusCode.Forbidden, after.StatusCode);
    }

    [Theory]
    [InlineData(TtlMode.Respect, "/x")]
    [InlineData(TtlMode.Override, "/x")]
    [InlineData(TtlMode.Respect, "/proxy?url=x")]
    public async Task F26_OfTwoTtls_TheSmallerCounts(TtlMode mode, string target)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("1"));
        await FetchAsync(origin, new ProxySettings { TtlMode = mode, TimeToLive = TimeSpan.FromHours(1) }, target);
        var time = new FakeTimeProvider();
        time.Advance(TimeProvider.System.GetUtcNow() - time.GetUtcNow());
        time.Advance(TimeSpan.FromSeconds(5));
        var after = await FetchAsync(
            origin,
            new ProxySettings { TtlMode = mode, TimeToLive = TimeSpan.FromSeconds(2) },
            target,
            new ServerDependencies { Time = time }
        );
        Assert.Equal("MISS", after.Headers.GetValues("X-Cache").Single());
    }

    [Fact]
    public async Task F26_AStatedLifetime_IsNotCutByTheTtl()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("1", "Cache-Control: max-age=3600"));
        await FetchAsync(origin, new ProxySettings { TimeToLive = TimeSpan.FromHours(1) }, "/x");
        var after = await FetchAsync(origin, new ProxySettings { TimeToLive = TimeSpan.FromSeconds(1) }, "/x");
        Assert.Contains("hit; ttl=3", after.Headers.GetValues("Cache-Status").Single());
    }

    private static ProxySettings WithKey(string? key) => key is null ? new() : new() { OriginFields = [new("X-Api-Key", key)] };

    private async Task<HttpResponseMessage> FetchAsync(
        FakeOrigin? origin,
        ProxySettings settings,
        string target,
        ServerDependencies? dependencies = null
    )
    {
        settings = settings with { Origin = origin?.Url, Store = new StoreSetting.Sqlite(_folder.File("cache.db")) };
        await using var proxy = await TestProxy.StartWithAsync(settings, dependencies ?? new());
        // The port is another each time, and not what is asked here.
        proxy.Client.DefaultRequestHeaders.Host = "localhost";
        // Nor is it the trusted local requests' answer.
        proxy.Client.DefaultRequestHeaders.Add("X-Real-IP", "192.0.2.1");
        var response = await proxy.Client.GetAsync(target);
        await response.Content.LoadIntoBufferAsync();
        await proxy.Engine.SettleAsync();

        await ((Sqlite.SqliteStore)proxy.SecondTier!).SettleAsync();
        return response;
    }
}
