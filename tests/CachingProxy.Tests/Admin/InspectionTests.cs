using System.Net;
using System.Text.Json;
using CachingProxy.Configuration;
using CachingProxy.Serving;
using CachingProxy.TestKit;

namespace CachingProxy.Tests.Admin;

/// <summary>Operators look inside: what is stored, what would become of a request, what happens.</summary>
public class InspectionTests
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Entries_AreListed_ByPrefixTagAndStatus_APageAtATime()
    {
        await using var origin = new FakeOrigin(request =>
            FakeOrigin.Response(
                request.Target.Contains("gone", StringComparison.Ordinal) ? 410 : 200,
                "body",
                "Cache-Control: max-age=60",
                $"Cache-Tag: t{request.Target.Length}"
            )
        );
        await using var proxy = await StartAsync(origin);
        foreach (var path in (string[])["/a/1", "/a/2", "/b/33", "/gone/4"])
        {
            await proxy.Client.GetAsync(path, Cancellation);
        }

        Assert.Equal(4, (await ListAsync(proxy, "")).Count);
        Assert.Equal(2, (await ListAsync(proxy, "prefix=/a/")).Count);
        Assert.Equal(2, (await ListAsync(proxy, $"prefix={Uri.EscapeDataString(origin.Url + "a/")}")).Count);
        Assert.Equal(["/b/33"], (await ListAsync(proxy, "tag=t5")).Select(PathOf));
        Assert.Equal(["/gone/4"], (await ListAsync(proxy, "status=410")).Select(PathOf));
        var entry = (await ListAsync(proxy, "prefix=/a/1")).Single();
        Assert.Equal(
            (200, 4, 60d),
            (entry.GetProperty("status").GetInt32(), entry.GetProperty("bytes").GetInt32(), entry.GetProperty("freshFor").GetDouble())
        );

        // One a page, to the end: each once.
        var seen = new List<string>();
        string? from = "0";
        while (from is not null)
        {
            var page = await GetAsync(proxy, $"/cache/entries?max=1&from={from}");
            seen.AddRange(page.GetProperty("entries").EnumerateArray().Select(PathOf));
            from = page.TryGetProperty("next", out var next) ? next.ToString() : null;
        }

        Assert.Equal(["/a/1", "/a/2", "/b/33", "/gone/4"], seen.Order());
    }

    [Fact]
    public async Task OneUrl_IsShownWithAllItsVariants_AndNoSecrets()
    {
        await using var origin = new FakeOrigin(request =>
            FakeOrigin.Response("body", "Cache-Control: max-age=60", "Vary: Accept-Language, Cookie", "ETag: \"1\"")
        );
        await using var proxy = await StartAsync(origin);
        foreach (var language in (string[])["de", "en"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/x");
            request.Headers.Add("Accept-Language", language);
            request.Headers.Add("Cookie", "session=geheim");
            await proxy.Client.SendAsync(request, Cancellation);
        }

        var answer = await GetAsync(proxy, "/cache/entries/one?url=/x");
        var variants = answer.GetProperty("entries").EnumerateArray().ToList();
        Assert.Equal(2, variants.Count);
        Assert.Contains(
            "accept-language: de",
            variants.SelectMany(one => one.GetProperty("selecting").EnumerateArray()).Select(line => line.GetString())
        );
        Assert.DoesNotContain("geheim", answer.GetRawText());
        Assert.Contains("ETag: \"1\"", variants[0].GetProperty("fields").EnumerateArray().Select(line => line.GetString()));
    }

    [Theory]
    [InlineData("url=/x", "serve", "fresh", "RFC 9111 §4.2")]
    [InlineData("url=/stale", "revalidate", "stale", "RFC 9111 §4.3")]
    [InlineData("url=/none", "fetch", "uri-miss", null)]
    [InlineData("url=/x&method=POST", "forward", "method", "RFC 9111 §3")]
    [InlineData("url=/x&field=Cache-Control:%20no-cache", "fetch", "request", "RFC 9111 §5.2.1")]
    [InlineData("url=/x&field=If-Match:%20%221%22", "forward", "precondition", "RFC 9110 §13.1")]
    [InlineData("url=/x&face=proxy", "fetch", "uri-miss", null)]
    [InlineData("url=/x&host=other.test", "fetch", "uri-miss", null)]
    public async Task AnExplanation_SaysWhatWouldBecomeOfARequest_AndDoesNothing(
        string query,
        string decision,
        string reason,
        string? section
    )
    {
        await using var origin = new FakeOrigin(request =>
            FakeOrigin.Response(
                "body",
                request.Target == "/stale" ? "Cache-Control: max-age=10" : "Cache-Control: max-age=600",
                request.Target == "/stale" ? "ETag: \"1\"" : "X: 1"
            )
        );
        await using var proxy = await StartAsync(origin);
        await proxy.Client.GetAsync("/x", Cancellation);
        await proxy.Client.GetAsync("/stale", Cancellation);
        _time.Advance(TimeSpan.FromSeconds(20));
        var asked = origin.Requests.Count;

        var answer = await GetAsync(proxy, $"/cache/explain?{query}");
        Assert.Equal((decision, reason), (answer.GetProperty("decision").GetString(), answer.GetProperty("reason").GetString()));
        var step = answer.GetProperty("steps").EnumerateArray().Single(one => one.GetProperty("step").GetString() == "decision");
        Assert.Equal(section, step.TryGetProperty("section", out var named) ? named.GetString() : null);
        Assert.Equal(asked, origin.Requests.Count);
    }

    [Fact]
    public async Task WhyIsThisNeverCached_HasOneAnswer_InCacheStatusExplanationAndStatistics()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("body"));
        await using var proxy = await StartAsync(origin);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/me");
        request.Headers.Add("Cookie", "a=b");
        using var response = await proxy.Client.SendAsync(request, Cancellation);
        Assert.EndsWith("detail=request-cookie", response.Headers.GetValues("Cache-Status").Single());

        JsonElement last = default;
        await Eventually.IsAsync(async () =>
            (await GetAsync(proxy, "/cache/explain?url=/me")).GetProperty("steps").EnumerateArray().LastOrDefault() is var step
            && (last = step).GetProperty("step").GetString() == "last"
        );
        Assert.Equal("request-cookie", last.GetProperty("reason").GetString());
        Assert.Contains("--strip-cookies", last.GetProperty("wayOut").GetString());
        var missed = (await GetAsync(proxy, "/cache/stats")).GetProperty("mostMissed").EnumerateArray().Single();
        Assert.Equal("request-cookie", missed.GetProperty("reason").GetString());
    }

    [Fact]
    public async Task Events_ArriveAsTheyHappen_Filtered()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("body"));
        await using var proxy = await StartAsync(origin);
        using var response = await proxy.Client.GetAsync(
            "/cache/events?outcome=hit",
            HttpCompletionOption.ResponseHeadersRead,
            Cancellation
        );
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        await proxy.Client.GetAsync("/x?token=geheim", Cancellation);
        await proxy.Client.GetAsync("/x?token=geheim", Cancellation);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancellation));
        Assert.Equal("event: request", await reader.ReadLineAsync(Cancellation));
        var line = await reader.ReadLineAsync(Cancellation);
        var told = JsonDocument.Parse(line!["data: ".Length..]).RootElement;
        Assert.Equal(("hit", "/x?token=***"), (told.GetProperty("outcome").GetString(), told.GetProperty("target").GetString()));
    }

    [Fact]
    public async Task TheConfiguration_IsShownAsItIsInForce_WithoutSecrets()
    {
        var (settings, _) = SettingsReader.Read(
            name =>
                name switch
                {
                    "ttl" => ["15"],
                    "origin-header" => ["X-Key: geheim"],
                    "admin-token" => ["geheim"],
                    _ => [],
                },
            new Dictionary<string, string> { ["CACHING_PROXY_MAX_MEMORY"] = "64MB" },
            null
        );
        await using var proxy = await TestProxy.StartWithAsync(settings, new());
        proxy.Client.DefaultRequestHeaders.Add("Authorization", "Bearer geheim");
        var answer = await GetAsync(proxy, "/cache/config");
        var shown = answer
            .GetProperty("settings")
            .EnumerateArray()
            .ToDictionary(
                setting => setting.GetProperty("name").GetString()!,
                setting => (setting.GetProperty("value").GetString(), setting.GetProperty("source").GetString())
            );
        Assert.Equal(("15", "--ttl"), shown["ttl"]);
        Assert.Equal(("64MB", "CACHING_PROXY_MAX_MEMORY"), shown["max-memory"]);
        Assert.Equal(("***", "--origin-header"), shown["origin-header"]);
        Assert.Equal(("30", "default"), shown["client-timeout"]);
        Assert.DoesNotContain("geheim", answer.GetRawText());
    }

    [Theory]
    [InlineData("/cache/entries?colour=red", "There is no parameter 'colour' here")]
    [InlineData("/cache/entries?max=0", "give a number from 1 to 1000")]
    [InlineData("/cache/entries?status=99", "give a number from 100 to 599")]
    [InlineData("/cache/entries?max=1&max=2", "given more than once")]
    [InlineData("/cache/entries/one", "Give the URL")]
    [InlineData("/cache/explain", "Give the URL")]
    [InlineData("/cache/explain?url=/x&face=back", "none of the faces")]
    [InlineData("/cache/explain?url=/x&field=nonsense", "no 'Name: value'")]
    [InlineData("/cache/explain?url=/x&method=a%20b", "no method")]
    [InlineData("/cache/explain?url=ftp://a.test/", "")]
    [InlineData("/cache/events?status=abc", "give a number")]
    public async Task AParameterThatIsWrong_IsA400_ThatNamesIt(string target, string says)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("body"));
        await using var proxy = await StartAsync(origin);
        using var response = await proxy.Client.GetAsync(target, Cancellation);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(says, await response.Content.ReadAsStringAsync(Cancellation));
    }

    public static TheoryData<string> Endpoints =>
        [
            "/cache/entries",
            "/cache/entries/one?url=/x",
            "/cache/explain?url=/x",
            "/cache/stats",
            "/cache/events",
            "/cache/config",
            "/metrics",
        ];

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task K03_K04_WhatRevealsSomething_IsRefusedToStrangers(string target)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("body"));
        await using var local = await StartAsync(origin);
        foreach (
            var field in (string[])["Origin: http://evil.test", "X-Forwarded-For: 127.0.0.1", "Via: 1.1 x", "Sec-Fetch-Site: cross-site"]
        )
        {
            Assert.StartsWith("HTTP/1.1 401 ", await local.ExchangeAsync(local.Raw("GET", target, field, "Connection: close")));
        }

        Assert.StartsWith(
            "HTTP/1.1 421 ",
            await local.ExchangeAsync($"GET {target} HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n")
        );
        await using var guarded = await TestProxy.StartWithAsync(new ProxySettings { Origin = origin.Url, AdminToken = "secret" }, new());
        Assert.StartsWith("HTTP/1.1 401 ", await guarded.ExchangeAsync(guarded.Raw("GET", target, "Connection: close")));
        Assert.StartsWith(
            "HTTP/1.1 401 ",
            await guarded.ExchangeAsync(guarded.Raw("GET", target, "Authorization: Bearer secre", "Connection: close"))
        );
        Assert.Empty(origin.Requests);
    }

    [Fact]
    public async Task WithAnAdminPort_OurPathsAreThereAlone_AndThePathsOfTheOriginAreItsOwn()
    {
        await using var origin = new FakeOrigin(request => FakeOrigin.Response($"origin {request.Target}"));
        var port = ClosedPort.Free();
        await using var proxy = await StartAsync(origin, new ProxySettings { AdminPort = port });
        foreach (var path in (string[])["/docs", "/metrics", "/healthz", "/openapi.json", "/cache/stats"])
        {
            Assert.Equal($"origin {path}", await proxy.Client.GetStringAsync(path, Cancellation));
        }

        Assert.Contains("\"success\":true", await proxy.Client.GetStringAsync("/proxy?url=x", Cancellation));
        using var admin = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        Assert.Equal("{\"status\":\"ok\"}", await admin.GetStringAsync("/healthz", Cancellation));
        Assert.Contains("cachingproxy_requests_total", await admin.GetStringAsync("/metrics", Cancellation));
        Assert.Equal(HttpStatusCode.OK, (await admin.DeleteAsync("/cache", Cancellation)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await admin.GetAsync("/x", Cancellation)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await admin.GetAsync("/proxy?url=x", Cancellation)).StatusCode);
    }

    [Fact]
    public async Task APurgeByTheAdminPort_OfAUrlAsABrowserShowsIt_FindsTheEntry()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("body", "Cache-Control: max-age=60"));
        var port = ClosedPort.Free();
        await using var proxy = await StartAsync(origin, new ProxySettings { AdminPort = port });
        await proxy.Client.GetStringAsync("/x", Cancellation);
        using var admin = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        var shown = new Uri(proxy.Client.BaseAddress!, "/x");
        using var purged = await admin.DeleteAsync($"/cache?url={Uri.EscapeDataString(shown.AbsoluteUri)}", Cancellation);
        Assert.Equal(HttpStatusCode.OK, purged.StatusCode);
        await proxy.Client.GetStringAsync("/x", Cancellation);
        Assert.Equal(2, origin.Requests.Count);
    }

    private async Task<TestProxy> StartAsync(FakeOrigin origin, ProxySettings? settings = null) =>
        await TestProxy.StartWithAsync((settings ?? new()) with { Origin = origin.Url }, new ServerDependencies { Time = _time });

    private static async Task<List<JsonElement>> ListAsync(TestProxy proxy, string query) =>
        [.. (await GetAsync(proxy, $"/cache/entries?{query}")).GetProperty("entries").EnumerateArray()];

    private static async Task<JsonElement> GetAsync(TestProxy proxy, string target) =>
        JsonDocument.Parse(await proxy.Client.GetStringAsync(target, Cancellation)).RootElement;

    private static string PathOf(JsonElement entry) => new Uri(entry.GetProperty("url").GetString()!).AbsolutePath;
}
