using System.Net;
using CachingProxy.Configuration;
using CachingProxy.Core.Telemetry;
using CachingProxy.Serving;
using CachingProxy.TestKit;

namespace CachingProxy.Tests.Serving;

/// <summary>Stale responses by the operator's word, on both faces.</summary>
public class OfflineTests
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task AnOriginThatIsDownForAnHour_IsStoodInForOnBothFaces_AndTheFirstSuccessEndsIt()
    {
        var time = new FakeTimeProvider();
        var isDown = false;
        await using var origin = new FakeOrigin(_ =>
            isDown ? FakeOrigin.Response(503, "down") : FakeOrigin.Response("{}", "Content-Type: application/json")
        );
        await using var proxy = await TestProxy.StartWithAsync(
            new ProxySettings { Origin = origin.Url, StaleIfError = TimeSpan.FromHours(2) },
            new ServerDependencies { Time = time }
        );
        var events = new EventRecorder();
        proxy.Events.Add(events);
        await proxy.Client.GetStringAsync("/x", Cancellation);
        await proxy.Client.GetStringAsync("/proxy?url=x", Cancellation);
        isDown = true;
        for (var minutes = 0; minutes < 60; minutes += 20)
        {
            time.Advance(TimeSpan.FromMinutes(20));
            using var forwarded = await proxy.Client.GetAsync("/x", Cancellation);
            Assert.Equal("{}", await forwarded.Content.ReadAsStringAsync(Cancellation));
            Assert.Contains("detail=stale-if-error", forwarded.Headers.GetValues("Cache-Status").Single());
            Assert.Equal(
                """{"success":true,"source":"cache","stale":true,"data":{}}""",
                await proxy.Client.GetStringAsync("/proxy?url=x", Cancellation)
            );
        }

        isDown = false;
        Assert.Equal("""{"success":true,"source":"upstream","data":{}}""", await proxy.Client.GetStringAsync("/proxy?url=x", Cancellation));
        Assert.Equal(6, events.Requests.Count(request => request.Outcome == RequestOutcome.Stale));
    }

    [Fact]
    public async Task Offline_WhatIsStoredIsServedHoweverOld_AndTheOriginIsNeverAsked()
    {
        using var folder = new TemporaryFolder();
        var store = new StoreSetting.Sqlite(folder.File("cache.db"));
        var time = new FakeTimeProvider();
        await using var origin = new FakeOrigin(_ =>
            FakeOrigin.Response("{}", "Content-Type: application/json", "Cache-Control: max-age=1, must-revalidate")
        );
        await using (
            var online = await TestProxy.StartWithAsync(
                new ProxySettings { Origin = origin.Url, Store = store },
                new ServerDependencies { Time = time }
            )
        )
        {
            await online.Client.GetStringAsync("/x", Cancellation);
            await online.Client.GetStringAsync("/proxy?url=x", Cancellation);
        }

        time.Advance(TimeSpan.FromDays(30));
        var asked = origin.Requests.Count;
        await using var proxy = await TestProxy.StartWithAsync(
            new ProxySettings
            {
                Origin = origin.Url,
                Store = store,
                Offline = true,
            },
            new ServerDependencies { Time = time }
        );
        proxy.Client.DefaultRequestHeaders.Add("Cache-Control", "no-cache");
        using var stored = await proxy.Client.GetAsync("/x", Cancellation);
        Assert.Equal((HttpStatusCode.OK, "{}"), (stored.StatusCode, await stored.Content.ReadAsStringAsync(Cancellation)));
        Assert.Contains("; hit; ", stored.Headers.GetValues("Cache-Status").Single());
        Assert.EndsWith("; detail=offline", stored.Headers.GetValues("Cache-Status").Single());
        Assert.Equal(
            """{"success":true,"source":"cache","stale":true,"data":{}}""",
            await proxy.Client.GetStringAsync("/proxy?url=x", Cancellation)
        );
        foreach (
            var (method, target) in ((string, string)[])[("GET", "/y"), ("POST", "/x"), ("GET", "/proxy?url=y"), ("DELETE", "/proxy?url=x")]
        )
        {
            using var other = await proxy.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), target), Cancellation);
            Assert.Equal(HttpStatusCode.GatewayTimeout, other.StatusCode);
            Assert.Contains(
                "\"code\":\"offline\"",
                (await other.Content.ReadAsStringAsync(Cancellation)).Replace("\": \"", "\":\"", StringComparison.Ordinal)
            );
        }

        Assert.Equal("{}", await proxy.Client.GetStringAsync("/x", Cancellation));
        Assert.Equal(asked, origin.Requests.Count);
    }
}
