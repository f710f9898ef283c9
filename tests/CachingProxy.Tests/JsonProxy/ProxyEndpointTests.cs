using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using CachingProxy.Http.Upstream;
using CachingProxy.Serving;
using CachingProxy.TestKit;

namespace CachingProxy.Tests.JsonProxy;

public class ProxyEndpointTests
{
    private const string Json = "Content-Type: application/json";

    [Fact]
    public async Task TheFirstAnswerIsFromUpstream_TheSecondFromTheCache_AndAfterTheTtlFromUpstreamAgain()
    {
        var time = new FakeTimeProvider();
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("{\"id\": 1}", Json, "Cache-Control: no-store"));
        await using var proxy = await TestProxy.StartWithAsync(
            new() { Origin = origin.Url, TimeToLive = TimeSpan.FromSeconds(15) },
            new ServerDependencies { Time = time }
        );
        Assert.Equal("""{"success":true,"source":"upstream","data":{"id": 1}}""", await proxy.Client.GetStringAsync("/proxy?url=products"));
        time.Advance(TimeSpan.FromSeconds(14));
        Assert.Equal("""{"success":true,"source":"cache","data":{"id": 1}}""", await proxy.Client.GetStringAsync("/proxy?url=products"));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Contains("upstream", await proxy.Client.GetStringAsync("/proxy?url=products"));
        Assert.Equal("/products", origin.Requests.First().Target);
    }

    [Fact]
    public async Task F03_SpellingsOfOneUrlShareAnEntry_WhichNeverAnswersOtherPaths()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("{}", Json));
        await using var proxy = await TestProxy.StartAsync(origin);
        await proxy.Client.GetStringAsync("/proxy?url=x");
        Assert.Contains("cache", await proxy.Client.GetStringAsync($"/proxy?url={origin.Url}x"));
        Assert.Contains("cache", await proxy.Client.GetStringAsync($"/proxy?url={Uri.EscapeDataString(origin.Url + "x")}"));
        Assert.Equal("{}", await proxy.Client.GetStringAsync("/x"));
        Assert.Equal(2, origin.Requests.Count);
    }

    [Theory]
    [InlineData("/proxy", "missing_url")]
    [InlineData("/proxy?url=", "missing_url")]
    [InlineData("/proxy?", "missing_url")]
    [InlineData("/proxy?url=ftp://a.test/", "invalid_url")]
    [InlineData("/proxy?url=products?limit=5&skip=10", "invalid_url")]
    [InlineData("/proxy?url=a&url=b", "invalid_url")]
    [InlineData("/proxy?url=..%2Fx", "invalid_url")]
    [InlineData("/proxy?url=http%3A%2F%2Fo.test%2Fa%20HTTP%2F1.1%0D%0AX-Injected%3A%201", "invalid_url")]
    public async Task AUrlThatIsMissingOrMalformed_IsA400_ThatSaysWhatIsPermitted(string target, string code)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("no"));
        await using var proxy = await TestProxy.StartAsync(origin);
        var error = await ErrorAsync(await proxy.Client.GetAsync(target), 400);
        Assert.Equal((code, 400), (error.GetProperty("code").GetString(), error.GetProperty("status").GetInt32()));
        Assert.Empty(origin.Requests);
    }

    [Fact]
    public async Task AQueryOfTheUpstream_IsPercentEncoded_AndAPlusStaysAPlus()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("{}", Json));
        await using var proxy = await TestProxy.StartAsync(origin);
        await proxy.Client.GetAsync("/proxy?url=products%3Flimit%3D5%26q%3Da+b%2520c");
        Assert.Equal("/products?limit=5&q=a+b%20c", Assert.Single(origin.Requests).Target);
    }

    [Fact]
    public async Task AnUpstreamError_KeepsItsStatus_AndItsBodyAsData_AndIsNotStored()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response(404, "{\"message\":\"none\"}", Json, "Cache-Control: max-age=60"));
        await using var proxy = await TestProxy.StartAsync(origin);
        for (var attempt = 0; attempt < 2; attempt++)
        {
            var response = await proxy.Client.GetAsync("/proxy?url=x");
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
            Assert.Equal(
                """{"success":false,"error":{"code":"upstream_status","message":"The upstream answered 404 Not Found.","status":404},"data":{"message":"none"}}""",
                await response.Content.ReadAsStringAsync()
            );
        }

        Assert.Equal(2, origin.Requests.Count);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3abc\r\n\r\nabc")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\nContent-Length: 3\r\n\r\nabc")]
    [InlineData("nonsense\r\n\r\n")]
    public async Task AnInvalidOrBrokenResponse_IsA502_AndNotStored(string answer)
    {
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                await connection.SendAsync(answer);
                connection.Close();
            }
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        var error = await ErrorAsync(await proxy.Client.GetAsync("/proxy?url=x"), 502);
        Assert.Equal("upstream_invalid_response", error.GetProperty("code").GetString());
        await ErrorAsync(await proxy.Client.GetAsync("/proxy?url=x"), 502);
        Assert.True(origin.Requests.Count >= 2);
    }

    [Fact]
    public async Task AnUpstreamThatIsNotThere_IsA502()
    {
        using var origin = new ClosedPort();
        await using var proxy = await TestProxy.StartWithAsync(new() { Origin = origin.Url }, new());
        Assert.Equal(
            "upstream_unreachable",
            (await ErrorAsync(await proxy.Client.GetAsync("/proxy?url=x"), 502)).GetProperty("code").GetString()
        );
    }

    [Fact]
    public async Task AnUpstreamThatTimesOut_IsA504()
    {
        await using var origin = new FakeOrigin((_, connection) => connection.HoldAsync());
        await using var proxy = await TestProxy.StartWithAsync(
            new() { Origin = origin.Url },
            new ServerDependencies { Origin = new HttpOriginOptions { HeadTimeout = TimeSpan.FromMilliseconds(200) } }
        );
        Assert.Equal(
            "upstream_timeout",
            (await ErrorAsync(await proxy.Client.GetAsync("/proxy?url=x"), 504)).GetProperty("code").GetString()
        );
    }

    [Fact]
    public async Task FiftyMegabytesOfJson_PassWhole_AndAreAHitAfterwards()
    {
        var json = "[\"" + new string('x', 50 << 20) + "\"]";
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response(json, Json));
        await using var proxy = await TestProxy.StartAsync(origin);
        foreach (var source in (string[])["upstream", "cache"])
        {
            var envelope = await proxy.Client.GetStringAsync("/proxy?url=x");
            Assert.StartsWith($$"""{"success":true,"source":"{{source}}","data":["xxx""", envelope);
            Assert.Equal(json.Length, envelope.Length - $$"""{"success":true,"source":"{{source}}","data":}""".Length);
        }
    }

    [Fact]
    public async Task ABodyAboveTheLimit_IsA502()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response(new string('x', 2000), "Content-Type: text/plain"));
        await using var proxy = await TestProxy.StartAsync(origin, new() { MaxObjectBytes = 1000 });
        await ErrorAsync(await proxy.Client.GetAsync("/proxy?url=x"), 502);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    [InlineData("gzip, gzip")]
    [InlineData("br, x-gzip")]
    [InlineData("deflate", "raw")]
    public async Task ACompressedBody_IsInflated(string coding, string? how = null)
    {
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                var body = (how ?? coding)
                    .Split(", ")
                    .Aggregate("{\"a\":1}"u8.ToArray(), (content, one) => Compress(one.Replace("x-", ""), content));
                await connection.SendAsync(
                    $"HTTP/1.1 200 OK\r\n{Json}\r\nContent-Encoding: {coding}\r\nContent-Length: {body.Length}\r\n\r\n"
                );
                await connection.SendAsync(body);
            }
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        Assert.Contains("\"data\":{\"a\":1}", await proxy.Client.GetStringAsync("/proxy?url=x"));
    }

    [Theory]
    [InlineData("zstd", "'zstd'")]
    [InlineData("gzip, br, gzip", "coded 3 times")]
    public async Task ACodingThatCannotBeUndone_IsA502_ThatNamesIt(string coding, string named)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("abc", $"Content-Encoding: {coding}"));
        await using var proxy = await TestProxy.StartAsync(origin);
        Assert.Contains(named, (await ErrorAsync(await proxy.Client.GetAsync("/proxy?url=x"), 502)).GetProperty("message").GetString());
    }

    [Fact]
    public async Task I11_ABomb_IsA502()
    {
        var bomb = Compress("gzip", new byte[50 << 20]);
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                await connection.SendAsync($"HTTP/1.1 200 OK\r\n{Json}\r\nContent-Encoding: gzip\r\nContent-Length: {bomb.Length}\r\n\r\n");
                await connection.SendAsync(bomb);
            }
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        await ErrorAsync(await proxy.Client.GetAsync("/proxy?url=x"), 502);
    }

    [Fact]
    public async Task Bytes_AreBase64_AndSaySo_OnTheHitAsWell()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("\u0001\u0002", "Content-Type: image/png"));
        await using var proxy = await TestProxy.StartAsync(origin);
        Assert.Equal(
            """{"success":true,"source":"upstream","data":"AQI=","encoding":"base64"}""",
            await proxy.Client.GetStringAsync("/proxy?url=x")
        );
        Assert.Equal(
            """{"success":true,"source":"cache","data":"AQI=","encoding":"base64"}""",
            await proxy.Client.GetStringAsync("/proxy?url=x")
        );
    }

    [Fact]
    public async Task NoContent_IsA200WithNull()
    {
        await using var origin = new FakeOrigin(_ => "HTTP/1.1 204 No Content\r\n\r\n");
        await using var proxy = await TestProxy.StartAsync(origin);
        var response = await proxy.Client.GetAsync("/proxy?url=x");
        Assert.Equal(
            (HttpStatusCode.OK, """{"success":true,"source":"upstream","data":null}"""),
            (response.StatusCode, await response.Content.ReadAsStringAsync())
        );
    }

    [Fact]
    public async Task OtherMethods_CarryBodyAndType_AreNotStored_AndInvalidateTheStoredGet()
    {
        await using var origin = new FakeOrigin(request =>
            FakeOrigin.Response($"\"{request.Method} {request.BodyText} {request["Content-Type"]}\"", Json)
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        await proxy.Client.GetStringAsync("/proxy?url=x");
        for (var attempt = 0; attempt < 2; attempt++)
        {
            var response = await proxy.Client.PostAsync("/proxy?url=x", new StringContent("hi", Encoding.UTF8, "text/x-note"));
            Assert.Equal(
                """{"success":true,"source":"upstream","data":"POST hi text/x-note; charset=utf-8"}""",
                await response.Content.ReadAsStringAsync()
            );
        }

        Assert.Contains("upstream", await proxy.Client.GetStringAsync("/proxy?url=x"));
    }

    [Theory]
    [InlineData("/proxy?uri=a", "none is called url")]
    [InlineData("/proxy?link=a&b=c", "There is a parameter 'link'")]
    public async Task AUrlByAnotherName_IsSaidToBeMissing(string target, string hint)
    {
        await using var proxy = await TestProxy.StartWithAsync(new(), new());
        var error = await ErrorAsync(await proxy.Client.GetAsync(target), 400);
        Assert.Equal("missing_url", error.GetProperty("code").GetString());
        Assert.Contains(hint, error.GetProperty("message").GetString());
    }

    [Fact]
    public async Task Head_StatesTheLengthThatGetWould_FromUpstreamAndFromTheCache()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("{\"a\":1}", Json));
        await using var proxy = await TestProxy.StartAsync(origin);
        foreach (var source in (string[])["upstream", "cache"])
        {
            using var head = await proxy.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/proxy?url=x"));
            Assert.Equal($$$"""{"success":true,"source":"{{{source}}}","data":{"a":1}}""".Length, head.Content.Headers.ContentLength);
        }

        Assert.Equal("GET", Assert.Single(origin.Requests).Method);
        Assert.Contains("cache", await proxy.Client.GetStringAsync("/proxy?url=x"));
    }

    [Fact]
    public async Task FieldsThatAreAskedFor_AreGiven_OnAMissAndOnAHit_AndNoOthers()
    {
        await using var origin = new FakeOrigin(_ =>
            FakeOrigin.Response(
                "{}",
                Json,
                "Link: </2>; rel=next",
                "X-Total-Count: 7",
                "RateLimit-Remaining: 5",
                "Set-Cookie: a=b",
                "ETag: \"e\""
            )
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        foreach (var cache in (string[])["MISS", "HIT"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/proxy?url=x");
            request.Headers.Add("Proxy-Fields", "link, X-Total-Count, X-Page");
            using var response = await proxy.Client.SendAsync(request);
            Assert.Equal((cache, "</2>; rel=next", "7"), (Field("X-Cache"), Field("Link"), Field("X-Total-Count")));
            Assert.False(
                response.Headers.Contains("RateLimit-Remaining")
                    || response.Headers.Contains("Set-Cookie")
                    || response.Headers.Contains("X-Page")
            );

            string Field(string name) => response.Headers.GetValues(name).Single();
        }

        using var plain = await proxy.Client.GetAsync("/proxy?url=x");
        Assert.False(plain.Headers.Contains("Link"));
    }

    [Fact]
    public async Task TheLocationOfA201_IsGivenOnRequest()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response(201, "{}", Json, "Location: /items/7"));
        await using var proxy = await TestProxy.StartAsync(origin);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/proxy?url=items");
        request.Headers.Add("Proxy-Fields", "Location");
        using var response = await proxy.Client.SendAsync(request);
        Assert.Equal((HttpStatusCode.Created, $"{origin.Url}items/7"), (response.StatusCode, response.Headers.Location?.OriginalString));
    }

    [Theory]
    [InlineData("Set-Cookie")]
    [InlineData("X-Accel-Redirect")]
    [InlineData("X-Sendfile")]
    [InlineData("X-Cache")]
    [InlineData("Content-Length")]
    [InlineData("Access-Control-Allow-Origin")]
    [InlineData("a b")]
    public async Task AFieldThatMayNotBeAskedFor_IsA400_ThatSaysWhichMay(string name)
    {
        await using var proxy = await TestProxy.StartWithAsync(new(), new());
        using var request = new HttpRequestMessage(HttpMethod.Get, "/proxy?url=http://a.test/");
        request.Headers.Add("Proxy-Fields", $"Link, {name}");
        Assert.Contains(
            $"names '{name}'; permitted are ",
            (await ErrorAsync(await proxy.Client.SendAsync(request), 400)).GetProperty("message").GetString()
        );
    }

    [Fact]
    public async Task HeadOfAStoredGet_HasItsLengthAndNoContent()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("{}", Json));
        await using var proxy = await TestProxy.StartAsync(origin);
        var full = await proxy.Client.GetStringAsync("/proxy?url=x");
        var response = await proxy.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/proxy?url=x"));
        Assert.Equal(full.Length - "upstream".Length + "cache".Length, response.Content.Headers.ContentLength);
    }

    [Fact]
    public async Task I07_ARequestBodyAboveTheLimit_IsA413_Announced_OrNot()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("{}", Json));
        await using var proxy = await TestProxy.StartAsync(origin);
        Assert.StartsWith("HTTP/1.1 413", await proxy.ExchangeAsync(proxy.Raw("POST", "/proxy?url=x", "Content-Length: 999999999")));
        using var client = await RawClient.ConnectAsync(proxy.Url);
        await client.SendAsync(proxy.Raw("POST", "/proxy?url=x", "Transfer-Encoding: chunked"));
        var chunk = $"{1 << 20:x}\r\n{new string('x', 1 << 20)}\r\n";
        try
        {
            for (var sent = 0; sent < 11; sent++)
            {
                await client.SendAsync(chunk);
            }
        }
        catch (IOException)
        {
            // The proxy has answered and closed before all was sent.
        }

        Assert.StartsWith("HTTP/1.1 413", await client.ReadUntilAsync("body_too_large"));
    }

    [Fact]
    public async Task J26_CredentialsAndCookies_AreNeverForwarded_AndNothingElseOfTheClient()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("{}", Json));
        await using var proxy = await TestProxy.StartAsync(origin);
        await proxy.ExchangeAsync(
            proxy.Raw(
                "GET",
                "/proxy?url=x",
                "Authorization: Bearer a",
                "Cookie: c=d",
                "Proxy-Authorization: Basic x",
                "X-Any: 1",
                "Accept: a/b",
                "Accept-Language: de",
                "Connection: close"
            )
        );
        var request = Assert.Single(origin.Requests);
        Assert.Equal(
            (null, null, null, null, "a/b", "de"),
            (
                request["Authorization"],
                request["Cookie"],
                request["Proxy-Authorization"],
                request["X-Any"],
                request["Accept"],
                request["Accept-Language"]
            )
        );
    }

    [Fact]
    public async Task J27_FieldsThatActInABrowser_AreNotPassedOnAsOurs()
    {
        await using var origin = new FakeOrigin(_ =>
            FakeOrigin.Response(
                "<p>",
                "Content-Type: text/html",
                "Set-Cookie: a=b",
                "Strict-Transport-Security: max-age=1",
                "Clear-Site-Data: \"*\""
            )
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        var answer = await proxy.ExchangeAsync(proxy.Raw("GET", "/proxy?url=x", "Connection: close"));
        Assert.All((string[])["Set-Cookie", "Strict-Transport", "Clear-Site", "text/html"], text => Assert.DoesNotContain(text, answer));
        Assert.Contains("X-Content-Type-Options: nosniff", answer);
        Assert.Contains("Cache-Control: no-store", answer);
    }

    [Fact]
    public async Task Redirects_AreFollowed_FiveAtMost()
    {
        await using var origin = new FakeOrigin(request =>
            request.Target == "/0"
                ? FakeOrigin.Response("{\"end\":1}", Json)
                : FakeOrigin.Response(302, "", $"Location: /{int.Parse(request.Target[1..]) - 1}")
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        Assert.Contains("\"end\":1", await proxy.Client.GetStringAsync("/proxy?url=5"));
        await ErrorAsync(await proxy.Client.GetAsync("/proxy?url=7"), 502);
    }

    [Fact]
    public async Task VaryOnAccept_IsHonoured()
    {
        await using var origin = new FakeOrigin(request => FakeOrigin.Response($"\"{request["Accept"]}\"", Json, "Vary: Accept"));
        await using var proxy = await TestProxy.StartAsync(origin);
        foreach (var accept in (string[])["a/a", "b/b", "a/a"])
        {
            Assert.Contains(
                $"\"{accept}\"",
                await proxy.ExchangeAsync(proxy.Raw("GET", "/proxy?url=x", $"Accept: {accept}", "Connection: close"))
            );
        }

        Assert.Equal(2, origin.Requests.Count);
    }

    [Fact]
    public async Task AnEventStream_WhichHasNoEnd_IsA502()
    {
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n");
                await connection.HoldAsync();
            }
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        await ErrorAsync(await proxy.Client.GetAsync("/proxy?url=x"), 502);
    }

    [Fact]
    public async Task B06_AmbiguouslyFramedContent_IsNotStoredOnThisFaceEither()
    {
        await using var origin = new FakeOrigin(_ =>
            $"HTTP/1.1 200 OK\r\n{Json}\r\nTransfer-Encoding: chunked\r\nContent-Length: 30\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n"
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        await proxy.Client.GetStringAsync("/proxy?url=x");
        Assert.Contains("upstream", await proxy.Client.GetStringAsync("/proxy?url=x"));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task CompressedContentThatIsCutOff_IsA502(string coding)
    {
        var whole = Compress(coding, Encoding.UTF8.GetBytes(string.Join(",", Enumerable.Range(0, 5000))));
        var body = whole[..(whole.Length / 2)];
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                await connection.SendAsync(
                    $"HTTP/1.1 200 OK\r\n{Json}\r\nContent-Encoding: {coding}\r\nContent-Length: {body.Length}\r\n\r\n"
                );
                await connection.SendAsync(body);
            }
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        await ErrorAsync(await proxy.Client.GetAsync("/proxy?url=x"), 502);
    }

    [Fact]
    public async Task F04_Purge_IsNotForwardedOnThisFaceEither()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("{}", Json));
        await using var proxy = await TestProxy.StartAsync(origin);
        await ErrorAsync(await proxy.Client.SendAsync(new HttpRequestMessage(new HttpMethod("PURGE"), "/proxy?url=x")), 405);
        Assert.Empty(origin.Requests);
    }

    private static byte[] Compress(string coding, byte[] content)
    {
        var compressed = new MemoryStream();
        using (
            Stream compressing = coding switch
            {
                "gzip" => new GZipStream(compressed, CompressionLevel.Optimal, leaveOpen: true),
                "br" => new BrotliStream(compressed, CompressionLevel.Optimal, leaveOpen: true),
                "raw" => new DeflateStream(compressed, CompressionLevel.Optimal, leaveOpen: true),
                _ => new ZLibStream(compressed, CompressionLevel.Optimal, leaveOpen: true),
            }
        )
        {
            compressing.Write(content);
        }

        return compressed.ToArray();
    }

    private static async Task<JsonElement> ErrorAsync(HttpResponseMessage response, int status)
    {
        var body = await response.Content.ReadAsStringAsync();
        Assert.True((int)response.StatusCode == status, $"{(int)response.StatusCode}: {body}");
        var root = JsonDocument.Parse(body).RootElement;
        Assert.False(root.GetProperty("success").GetBoolean());
        return root.GetProperty("error");
    }
}
