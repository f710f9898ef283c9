using System.Net;
using CachingProxy.AspNetCore.Gate;
using CachingProxy.Configuration;
using CachingProxy.TestKit;

namespace CachingProxy.AspNetCore.Tests.Gate;

/// <summary>A page of another site does not act with the operator's credentials.</summary>
public class CrossSiteTests
{
    private static readonly ProxySettings WithKey = new() { OriginFields = [new("X-Api-Key", "secret")], AllowedHosts = ["*"] };

    [Theory]
    [InlineData("POST", "Sec-Fetch-Site: cross-site")]
    [InlineData("DELETE", "Sec-Fetch-Site: cross-site", "Origin: http://evil.test")]
    [InlineData("PUT", "Origin: http://evil.test")]
    [InlineData("POST", "Origin: null")]
    [InlineData("POST", "Origin: no origin")]
    [InlineData("PATCH", "Sec-Fetch-Site: unheard-of")]
    [InlineData(
        "GET",
        "Sec-Fetch-Site: cross-site",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    )]
    public async Task WhatAForeignPageSends_IsRefused_OnBothFaces_AndReachesNobody(string method, params string[] fields)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x"));
        await using var proxy = await TestProxy.StartAsync(origin, WithKey);
        foreach (var target in (string[])["/x", "/proxy?url=x"])
        {
            var answer = await proxy.ExchangeAsync(proxy.Raw(method, target, [.. fields, "Content-Length: 0"]));
            Assert.StartsWith("HTTP/1.1 403 ", answer);
            Assert.Contains("cross_site", answer);
            Assert.Contains("--allow-origin", answer);
        }

        Assert.Empty(origin.Requests);
    }

    [Theory]
    [InlineData("GET", "Sec-Fetch-Site: cross-site")]
    [InlineData("POST", "Sec-Fetch-Site: same-origin")]
    [InlineData("POST", "Sec-Fetch-Site: same-site", "Origin: http://127.0.0.1:5173")]
    [InlineData("POST", "Sec-Fetch-Site: none")]
    [InlineData("POST", "Origin: http://127.0.0.1:1")]
    [InlineData("POST")]
    public async Task WhatOurOwnPagesAndPrograms_Send_Passes(string method, params string[] fields)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x"));
        await using var proxy = await TestProxy.StartAsync(origin, WithKey);
        Assert.StartsWith(
            "HTTP/1.1 200 ",
            await proxy.ExchangeAsync(proxy.Raw(method, "/x", [.. fields, "Content-Length: 0", "Connection: close"]))
        );
        Assert.Equal("secret", Assert.Single(origin.Requests)["X-Api-Key"]);
    }

    [Theory]
    [InlineData("https://app.example.test", true)]
    [InlineData("https://app.example.test:443", true)]
    [InlineData("*", true)]
    [InlineData("http://app.example.test", false)]
    [InlineData("https://other.example.test", false)]
    public async Task ASiteThatIsPermitted_MayAct(string permitted, bool mayAct)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x"));
        var permittedOrigin = permitted == "*" ? permitted : CrossSiteGuard.Normalise(permitted)!;
        await using var proxy = await TestProxy.StartAsync(origin, WithKey with { AllowedOrigins = [permittedOrigin] });
        var answer = await proxy.ExchangeAsync(
            proxy.Raw(
                "POST",
                "/x",
                "Sec-Fetch-Site: cross-site",
                "Origin: https://app.example.test",
                "Content-Length: 0",
                "Connection: close"
            )
        );
        Assert.StartsWith(mayAct ? "HTTP/1.1 200 " : "HTTP/1.1 403 ", answer);
    }

    [Fact]
    public async Task WithoutCredentialsOfTheOperator_NothingIsRefused()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x"));
        await using var proxy = await TestProxy.StartAsync(origin, new ProxySettings { OriginFields = [new("User-Agent", "me")] });
        Assert.StartsWith(
            "HTTP/1.1 200 ",
            await proxy.ExchangeAsync(proxy.Raw("POST", "/x", "Sec-Fetch-Site: cross-site", "Content-Length: 0", "Connection: close"))
        );
    }

    [Theory]
    [InlineData("X-Real-IP: 1.2.3.4")]
    [InlineData("CF-Connecting-IP: 1.2.3.4")]
    [InlineData("True-Client-IP: 1.2.3.4")]
    [InlineData("X-Forwarded-For: 1.2.3.4")]
    [InlineData("Fastly-Client-IP: 1.2.3.4")]
    [InlineData("Via: 1.1 edge")]
    [InlineData("CDN-Loop: edge")]
    [InlineData("Origin: http://evil.test")]
    [InlineData("Sec-Fetch-Site: same-site")]
    public async Task K03_K04_ASignOfAProxyOrAForeignPage_IsNoTrustedLocalRequest(string field)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x"));
        await using var proxy = await TestProxy.StartAsync(origin);
        Assert.StartsWith("HTTP/1.1 401 ", await proxy.ExchangeAsync(proxy.Raw("DELETE", "/cache", field, "Connection: close")));
        Assert.StartsWith("HTTP/1.1 200 ", await proxy.ExchangeAsync(proxy.Raw("DELETE", "/cache", "Connection: close")));
    }

    [Theory]
    [InlineData("rebound.evil.test", 401)]
    [InlineData("localhost", 200)]
    [InlineData("127.0.0.1:9", 200)]
    [InlineData("[::1]:9", 200)]
    public async Task ListeningEverywhere_ANameThatWasMadeToLeadHere_IsNotTrusted(string host, int status)
    {
        await using var proxy = await TestProxy.StartWithAsync(new ProxySettings { Host = IPAddress.IPv6Any }, new());
        var answer = await RawClient.ExchangeAsync(
            new UriBuilder("http", "127.0.0.1", proxy.Url.Port).Uri,
            $"DELETE /cache HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        );
        Assert.StartsWith($"HTTP/1.1 {status} ", answer);
    }

    [Fact]
    public async Task ListeningEverywhere_AValidToken_SufficesUnderAnyName()
    {
        await using var proxy = await TestProxy.StartWithAsync(new ProxySettings { Host = IPAddress.IPv6Any, AdminToken = "token" }, new());
        var answer = await RawClient.ExchangeAsync(
            new UriBuilder("http", "127.0.0.1", proxy.Url.Port).Uri,
            "DELETE /cache HTTP/1.1\r\nHost: any.test\r\nAuthorization: Bearer token\r\nConnection: close\r\n\r\n"
        );
        Assert.StartsWith("HTTP/1.1 200 ", answer);
    }

    [Theory]
    [InlineData("/api/x", "", 200)]
    [InlineData("/api", "", 200)]
    [InlineData("/apis", "", 400)]
    [InlineData("/other", "", 400)]
    [InlineData("/api/../other", "", 400)]
    [InlineData("/api/%2e%2e/other", "", 400)]
    [InlineData("/api/..;/other", "", 400)]
    public async Task AnAbsoluteUrlToTheOriginsOwnHost_ObeysItsBasePath(string path, string query, int status)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("1"));
        await using var proxy = await TestProxy.StartWithAsync(new ProxySettings { Origin = new Uri(origin.Url, "/api") }, new());
        var url = Uri.EscapeDataString(origin.Url.GetLeftPart(UriPartial.Authority) + path + query);
        var answer = await proxy.ExchangeAsync(proxy.Raw("GET", $"/proxy?url={url}", "Connection: close"));
        Assert.StartsWith($"HTTP/1.1 {status} ", answer);
    }

    [Fact]
    public async Task ARedirectOfAnotherServer_DoesNotLeadOurCredentialsOutOfTheBasePath()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("1"));
        await using var evil = new FakeOrigin(request =>
            FakeOrigin.Response(302, "", $"Location: {origin.Url}{(request.Target == "/in" ? "api/x" : "admin")}")
        );
        await using var proxy = await TestProxy.StartWithAsync(
            new ProxySettings { Origin = new Uri(origin.Url, "/api"), OriginFields = [new("X-Api-Key", "secret")] },
            new()
        );
        Assert.Equal(
            HttpStatusCode.Forbidden,
            (await proxy.Client.GetAsync($"/proxy?url={Uri.EscapeDataString($"{evil.Url}out")}")).StatusCode
        );
        Assert.Empty(origin.Requests);
        Assert.Equal(HttpStatusCode.OK, (await proxy.Client.GetAsync($"/proxy?url={Uri.EscapeDataString($"{evil.Url}in")}")).StatusCode);
    }

    [Theory]
    [InlineData("http://www.example.test/x", "/x")]
    [InlineData("https://www.example.test/x", "/x")]
    [InlineData("//www.example.test/x", "/x")]
    [InlineData("http://www.example.test/api/x", "/x")]
    [InlineData("http://www.example.test/api/x", "/api/x")]
    public async Task WhatAnUnsafeRequestChanged_UnderTheNameThatTheClientUsed_IsPurged(string location, string purged)
    {
        await using var origin = new FakeOrigin(request =>
            request.Method == "PUT"
                ? FakeOrigin.Response("ok", $"Location: {location}")
                : FakeOrigin.Response("x", "Cache-Control: max-age=60")
        );
        await using var proxy = await TestProxy.StartWithAsync(
            new ProxySettings { Origin = new Uri(origin.Url, "/api"), AllowedHosts = ["www.example.test"] },
            new()
        );
        proxy.Client.DefaultRequestHeaders.Host = "www.example.test";
        await proxy.Client.GetAsync(purged);
        await proxy.Client.PutAsync("/y", new StringContent("q"));
        Assert.Equal("MISS", (await proxy.Client.GetAsync(purged)).Headers.GetValues("X-Cache").Single());
    }

    [Fact]
    public async Task F19_ALocationOnAnotherServer_PurgesNothing()
    {
        await using var origin = new FakeOrigin(request =>
            request.Method == "PUT"
                ? FakeOrigin.Response("ok", "Location: http://other.test/x")
                : FakeOrigin.Response("x", "Cache-Control: max-age=60")
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        await proxy.Client.GetAsync("/x");
        await proxy.Client.PutAsync("/y", new StringContent("q"));
        Assert.Equal("HIT", (await proxy.Client.GetAsync("/x")).Headers.GetValues("X-Cache").Single());
    }
}
