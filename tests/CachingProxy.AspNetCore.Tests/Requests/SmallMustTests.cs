using CachingProxy.TestKit;

namespace CachingProxy.AspNetCore.Tests.Requests;

/// <summary>Small requirements of RFC 9110 to RFC 9112, each of which somebody has missed.</summary>
public class SmallMustTests
{
    [Theory]
    [InlineData("5", "4")]
    [InlineData("1", "0")]
    [InlineData("x", null)]
    public async Task C13_MaxForwards_IsOneLessForTheOrigin(string sent, string? received)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x"));
        await using var proxy = await TestProxy.StartAsync(origin);
        await proxy.ExchangeAsync(proxy.Raw("OPTIONS", "/x", $"Max-Forwards: {sent}", "Connection: close"));
        Assert.Equal(received, Assert.Single(origin.Requests)["Max-Forwards"]);
    }

    [Fact]
    public async Task C13_AtZeroForwards_TheRequestIsAnsweredHere()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x"));
        await using var proxy = await TestProxy.StartAsync(origin);
        Assert.StartsWith("HTTP/1.1 204 ", await proxy.ExchangeAsync(proxy.Raw("OPTIONS", "/x", "Max-Forwards: 0", "Connection: close")));
        Assert.Empty(origin.Requests);
    }

    [Fact]
    public async Task D11_ARequestOfHttp10WithoutHost_IsServedByItself_AndNeverTrusted()
    {
        await using var origin = new FakeOrigin(request =>
            FakeOrigin.Response($"{request["X-Forwarded-Host"]}.", "Cache-Control: max-age=60")
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        Assert.Matches("^HTTP/1.[01] 200 ", await proxy.ExchangeAsync("GET /healthz HTTP/1.0\r\n\r\n"));
        var forwarded = await proxy.ExchangeAsync("GET /x HTTP/1.0\r\n\r\n");
        Assert.Matches("^HTTP/1.[01] 200 ", forwarded);
        Assert.EndsWith("\r\n\r\n.", forwarded);
        Assert.Contains("X-Cache: HIT", await proxy.ExchangeAsync("GET /x HTTP/1.0\r\n\r\n"));
        Assert.Contains("X-Cache: MISS", await proxy.ExchangeAsync(proxy.Raw("GET", "/x", "Connection: close")));
        Assert.Matches("^HTTP/1.[01] 401 ", await proxy.ExchangeAsync("DELETE /cache HTTP/1.0\r\n\r\n"));
        Assert.Matches("^HTTP/1.[01] 400 ", await proxy.ExchangeAsync("GET /x HTTP/1.1\r\nConnection: close\r\n\r\n"));
        Assert.Matches(
            "^HTTP/1.[01] 400 ",
            await proxy.ExchangeAsync("GET /x HTTP/1.1\r\nHost: http10.invalid\r\nConnection: close\r\n\r\n")
        );
    }

    [Fact]
    public async Task A426_KeepsWhatItWantsToUpgradeTo()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response(426, "no", "Upgrade: h2c", "Connection: Upgrade"));
        await using var proxy = await TestProxy.StartAsync(origin);
        Assert.Contains("Upgrade: h2c\r\n", await proxy.ExchangeAsync(proxy.Raw("GET", "/x", "Connection: close")));
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PATCH")]
    public async Task WhatAnUnsafeRequestLeavesBehind_UnderAnEmptyContentLocation_ServesALaterGet(string method)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("state", "Cache-Control: max-age=60", "Content-Location:"));
        await using var proxy = await TestProxy.StartAsync(origin);
        await proxy.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), "/x") { Content = new StringContent("q") });
        Assert.Equal("HIT", (await proxy.Client.GetAsync("/x")).Headers.GetValues("X-Cache").Single());
    }

    [Fact]
    public async Task AConditionalRequest_ForWhatIsKnownNotToBeKept_ReachesTheOriginAsConditional()
    {
        await using var origin = new FakeOrigin(request =>
            request["If-None-Match"] == "\"1\""
                ? "HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n"
                : FakeOrigin.Response("x", "Cache-Control: no-store", "ETag: \"1\"")
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        await proxy.Client.GetAsync("/x");
        var answer = await proxy.ExchangeAsync(proxy.Raw("GET", "/x", "If-None-Match: \"1\"", "Connection: close"));
        Assert.StartsWith("HTTP/1.1 304 ", answer);
        Assert.Equal("x", await proxy.Client.GetStringAsync("/x"));
    }
}
