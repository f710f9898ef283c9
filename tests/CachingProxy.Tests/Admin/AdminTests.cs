using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using CachingProxy.TestKit;

namespace CachingProxy.Tests.Admin;

public class AdminTests
{
    [Fact]
    public async Task AMessage_HasItsQuotationMarksAsTheyAre_OnBothFaces()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("ok"));
        await using var proxy = await TestProxy.StartAsync(origin);

        Assert.Contains(
            "'ftp'",
            await proxy.ExchangeAsync(proxy.Raw("GET", "/proxy?url=ftp://a", "Connection: close")),
            StringComparison.Ordinal
        );
        Assert.Contains("'evil.test'", await proxy.ExchangeAsync("GET /x HTTP/1.1\r\nHost: evil.test\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task DeleteCache_ClearsEverything_OnBothFaces()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("{}", "Content-Type: application/json"));
        await using var proxy = await TestProxy.StartAsync(origin);
        await proxy.Client.GetAsync("/x");
        await proxy.Client.GetAsync("/proxy?url=x");
        var response = await proxy.Client.DeleteAsync("/cache");
        Assert.Equal("""{"success":true,"message":"Cache cleared successfully"}""", await response.Content.ReadAsStringAsync());
        Assert.Equal("MISS", (await proxy.Client.GetAsync("/x")).Headers.GetValues("X-Cache").Single());
        Assert.Contains("upstream", await proxy.Client.GetStringAsync("/proxy?url=x"));
    }

    [Fact]
    public async Task DeleteCacheOfOneUrl_PurgesItOnBothFaces_AndNothingElse()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("{}", "Content-Type: application/json"));
        await using var proxy = await TestProxy.StartAsync(origin);
        foreach (var target in (string[])["/x", "/y", "/proxy?url=x"])
        {
            await proxy.Client.GetAsync(target);
        }

        Assert.Equal(HttpStatusCode.OK, (await proxy.Client.DeleteAsync("/cache?url=x")).StatusCode);
        Assert.Equal("MISS", (await proxy.Client.GetAsync("/x")).Headers.GetValues("X-Cache").Single());
        Assert.Equal("MISS", (await proxy.Client.GetAsync("/proxy?url=x")).Headers.GetValues("X-Cache").Single());
        Assert.Equal("HIT", (await proxy.Client.GetAsync("/y")).Headers.GetValues("X-Cache").Single());
    }

    [Fact]
    public async Task AUrlIsNamedForAPurge_AsClientsAskForIt()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x"));
        await using var proxy = await TestProxy.StartAsync(origin);
        for (var attempt = 0; attempt < 2; attempt++)
        {
            Assert.Contains("X-Cache: MISS", await proxy.ExchangeAsync(proxy.Raw("GET", "/x?filter[a]=1", "Connection: close")));
            Assert.Contains(
                "HTTP/1.1 200",
                await proxy.ExchangeAsync(proxy.Raw("DELETE", "/cache?url=/x%3Ffilter[a]%3D1", "Connection: close"))
            );
        }
    }

    [Theory]
    [InlineData("prefix=/a", "{0}a/ and all below it", "MISS", "MISS", "HIT")]
    [InlineData("prefix=a/b", "{0}a/b/ and all below it", "HIT", "MISS", "HIT")]
    [InlineData("prefix={0}a/b/", "{0}a/b/ and all below it", "HIT", "MISS", "HIT")]
    [InlineData("tag=even", "tag 'even' of every origin", "HIT", "MISS", "HIT")]
    [InlineData("tag=even&url=/c&url=/none", "tag 'even' of every origin, {0}c, {0}none", "HIT", "MISS", "MISS")]
    [InlineData("url=/a&query=any", "{0}a with any query", "MISS", "HIT", "HIT")]
    [InlineData("tag=even&soft=true", "tag 'even' of every origin (soft)", "HIT", "MISS", "HIT")]
    public async Task DeleteCache_PurgesWhatIsNamed_AndSaysHowItWasUnderstood(string query, string understood, params string[] outcomes)
    {
        await using var origin = new FakeOrigin(request =>
            FakeOrigin.Response("x", "Cache-Control: max-age=60", $"Cache-Tag: all, {(request.Target == "/a/b" ? "even" : "odd")}")
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        string[] targets = ["/a", "/a/b", "/c"];
        foreach (var target in targets)
        {
            await proxy.Client.GetAsync(target);
        }

        var answer = await (
            await proxy.Client.DeleteAsync("/cache?" + query.Replace("{0}", origin.Url.AbsoluteUri))
        ).Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal("Purged " + understood.Replace("{0}", origin.Url.AbsoluteUri), answer.GetProperty("message").GetString());
        for (var i = 0; i < targets.Length; i++)
        {
            Assert.Equal(outcomes[i], (await proxy.Client.GetAsync(targets[i])).Headers.GetValues("X-Cache").Single());
        }
    }

    [Theory]
    [InlineData("/x")]
    [InlineData("x")]
    [InlineData("{origin}/api/x")]
    [InlineData("{proxy}/x")]
    [InlineData("http://localhost:{port}/x")]
    [InlineData("http://127.0.0.1:{port}/x")]
    [InlineData("{proxy}/proxy?url=x")]
    [InlineData("http://localhost:{port}/proxy?url={origin}/api/x")]
    [InlineData("/proxy?url=/x")]
    [InlineData("/api/x")]
    public async Task AUrl_IsPurged_HoweverItIsSeen(string seen)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x"));
        await using var proxy = await TestProxy.StartWithAsync(new() { Origin = new Uri(origin.Url, "/api") }, new());
        seen = seen.Replace("{origin}", origin.Url.AbsoluteUri.TrimEnd('/'))
            .Replace("{proxy}", proxy.Url.AbsoluteUri.TrimEnd('/'))
            .Replace("{port}", $"{proxy.Url.Port}");
        foreach (var isStored in (bool[])[true, false])
        {
            await (isStored ? proxy.Client.GetAsync("/x") : Task.CompletedTask);
            var answer = await (await proxy.Client.DeleteAsync($"/cache?url={Uri.EscapeDataString(seen)}")).Content.ReadAsStringAsync();
            Assert.Equal(
                $$$"""{"success":true,"message":"Purged {{{origin.Url}}}api/x","purged":[{"url":"{{{origin.Url}}}api/x","stored":{{{(isStored ? "true" : "false")}}}}]}""",
                answer
            );
        }

        Assert.Equal("MISS", (await proxy.Client.GetAsync("/x")).Headers.GetValues("X-Cache").Single());
    }

    [Fact]
    public async Task AUrlAsTheBrowserShowsIt_IsTheOneThatItAskedFor_WhateverItsPathBeginsWith()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x"));
        await using var proxy = await TestProxy.StartWithAsync(new() { Origin = new Uri(origin.Url, "/api") }, new());
        await proxy.Client.GetAsync("/api/x");
        Assert.Contains(
            $"{origin.Url}api/api/x\",\"stored\":true",
            await (await proxy.Client.DeleteAsync($"/cache?url={proxy.Url}api/x")).Content.ReadAsStringAsync()
        );
    }

    [Fact]
    public async Task WhatWasStored_IsToldAsItWasBefore_HoweverMuchIsNamed()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x"));
        await using var proxy = await TestProxy.StartAsync(origin);
        await proxy.Client.GetAsync("/x");
        var answer = await (await proxy.Client.DeleteAsync("/cache?prefix=/&url=/x&url=/x")).Content.ReadAsStringAsync();
        Assert.Contains($"\"purged\":[{{\"url\":\"{origin.Url}x\",\"stored\":true}}]", answer);
    }

    [Fact]
    public async Task AUrlOfAnotherPortOfThisMachine_IsNotTheOrigins()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x"));
        await using var proxy = await TestProxy.StartAsync(origin);
        Assert.Contains(
            "Purged http://localhost:1/x\"",
            await (await proxy.Client.DeleteAsync("/cache?url=http://localhost:1/x")).Content.ReadAsStringAsync()
        );
    }

    [Fact]
    public async Task QueryAny_PurgesAPathWithAllItsQueries_AndNothingBelowIt()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x"));
        await using var proxy = await TestProxy.StartAsync(origin);
        string[] targets = ["/a", "/a?x=1", "/a?x=2", "/a/b", "/ab"];
        foreach (var target in targets)
        {
            await proxy.Client.GetAsync(target);
        }

        await proxy.Client.DeleteAsync("/cache?url=/a%3Fx%3D1&query=any");
        var outcomes = new List<string>();
        foreach (var target in targets)
        {
            outcomes.Add((await proxy.Client.GetAsync(target)).Headers.GetValues("X-Cache").Single());
        }

        Assert.Equal(["MISS", "MISS", "MISS", "HIT", "HIT"], outcomes);
    }

    [Theory]
    [InlineData("/cache?tags=a", "bad_request")]
    [InlineData("/cache?tag=", "bad_request")]
    [InlineData("/cache?soft=1", "bad_request")]
    [InlineData("/cache?query=x", "bad_request")]
    [InlineData("/cache?query=any", "bad_request")]
    [InlineData("/cache?prefix=/x&query=any", "bad_request")]
    [InlineData("/cache?url=*", "prefix=/")]
    [InlineData("/cache?url=/x/*/y", "prefix=/")]
    [InlineData("/cache?url=http://other.test:1/../x y", "invalid_url")]
    [InlineData("/cache?prefix=/a%3Fb", "invalid_url")]
    [InlineData("/cache?url=/x&prefix=ftp://a", "invalid_url")]
    [InlineData("/cache?url=ftp://a", "invalid_url")]
    public async Task AParameterThatIsNotUnderstood_PurgesNothing(string target, string code)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x"));
        await using var proxy = await TestProxy.StartAsync(origin);
        await proxy.Client.GetAsync("/x");
        var response = await proxy.Client.DeleteAsync(target);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(code, await response.Content.ReadAsStringAsync());
        Assert.Equal("HIT", (await proxy.Client.GetAsync("/x")).Headers.GetValues("X-Cache").Single());
    }

    [Theory]
    [InlineData("Origin: http://evil.test")]
    [InlineData("X-Forwarded-For: 127.0.0.1")]
    [InlineData("X_Forwarded_For: 127.0.0.1")]
    [InlineData("Sec-Fetch-Site: cross-site")]
    public async Task K03_K04_WithoutAToken_OnlyTrustedLocalRequestsMayPurge(string field)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x"));
        await using var proxy = await TestProxy.StartAsync(origin);
        await proxy.Client.GetAsync("/x");
        Assert.StartsWith("HTTP/1.1 401", await proxy.ExchangeAsync(proxy.Raw("DELETE", "/cache", field, "Connection: close")));
        Assert.Equal("HIT", (await proxy.Client.GetAsync("/x")).Headers.GetValues("X-Cache").Single());
    }

    [Theory]
    [InlineData(null, HttpStatusCode.Unauthorized)]
    [InlineData("", HttpStatusCode.Unauthorized)]
    [InlineData("secre", HttpStatusCode.Unauthorized)]
    [InlineData("secret2", HttpStatusCode.Unauthorized)]
    [InlineData("secret", HttpStatusCode.OK)]
    public async Task K06_WithAToken_ItIsNeeded_AndEnough(string? token, HttpStatusCode status)
    {
        await using var proxy = await TestProxy.StartWithAsync(new() { AdminToken = "secret" }, new());
        using var request = new HttpRequestMessage(HttpMethod.Delete, "/cache");
        request.Headers.Add("X-Forwarded-For", "203.0.113.7");
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        using var response = await proxy.Client.SendAsync(request);
        Assert.Equal(status, response.StatusCode);
        Assert.Contains(
            status == HttpStatusCode.OK ? "cleared"
                : token is null ? "Authorization: Bearer TOKEN"
                : "not the admin token of this proxy",
            await response.Content.ReadAsStringAsync()
        );
    }

    [Theory]
    [InlineData("GET", "/cache", "DELETE")]
    [InlineData("POST", "/healthz", "GET, HEAD")]
    [InlineData("DELETE", "/docs", "GET, HEAD")]
    [InlineData("PUT", "/openapi.json", "GET, HEAD")]
    public async Task AMethodThatMeansNothing_IsA405_WithThoseThatDo(string method, string target, string allow)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("no"));
        await using var proxy = await TestProxy.StartAsync(origin);
        var response = await proxy.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), target));
        Assert.Equal((HttpStatusCode.MethodNotAllowed, allow), (response.StatusCode, string.Join(", ", response.Content.Headers.Allow)));
        Assert.Contains("\"code\":\"method_not_allowed\"", await response.Content.ReadAsStringAsync());
        Assert.Empty(origin.Requests);
    }

    [Theory]
    [InlineData("/cache/")]
    [InlineData("/cache/nothing")]
    [InlineData("/docs/none")]
    public async Task OurOwnPathsWithoutAnEndpoint_AreA404_AndNotTheOrigins(string target)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("no"));
        await using var proxy = await TestProxy.StartAsync(origin);
        var response = await proxy.Client.GetAsync(target);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Contains("\"code\":\"not_found\"", await response.Content.ReadAsStringAsync());
        Assert.Empty(origin.Requests);
    }

    [Theory]
    [InlineData("/healthz", "{\"status\":\"ok\"}")]
    [InlineData("/readyz", "{\"status\":\"ready\"}")]
    public async Task Health_IsTold(string target, string answer)
    {
        await using var proxy = await TestProxy.StartWithAsync(new(), new());
        Assert.Equal(answer, await proxy.Client.GetStringAsync(target));
    }
}
