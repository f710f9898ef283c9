using CachingProxy.TestKit;

namespace CachingProxy.AspNetCore.Tests.Gate;

/// <summary>Attacks A and D: requests that two servers could read differently. Each is refused, and the origin receives nothing.</summary>
public class RequestGuardTests
{
    private const string H = "Host: 127.0.0.1\r\n";

    public static TheoryData<string, string> Refused =>
        new()
        {
            {
                "A01",
                $"POST /x HTTP/1.1\r\n{H}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /evil HTTP/1.1\r\n{H}\r\n"
            },
            {
                "A02",
                $"POST /x HTTP/1.1\r\n{H}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\nGET /evil HTTP/1.1\r\n{H}\r\n"
            },
            { "A03", $"POST /x HTTP/1.1\r\n{H}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
            { "A04", $"POST /x HTTP/1.1\r\n{H}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" },
            { "A06", $"POST /x HTTP/1.1\r\n{H}Transfer-Encoding: ,chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" },
            { "A07", $"POST /x HTTP/1.1\r\n{H}Transfer-Encoding: chunked,\r\n\r\n0\r\n\r\n" },
            { "A08", $"POST /x HTTP/1.1\r\n{H}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" },
            { "A08", $"POST /x HTTP/1.1\r\n{H}Transfer-Encoding: identity\r\n\r\n0\r\n\r\n" },
            { "A08", $"POST /x HTTP/1.1\r\n{H}Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n" },
            { "A10", $"POST /x HTTP/1.1\r\n{H}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" },
            { "A11", $"POST /x HTTP/1.1\r\n{H}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" },
            { "A12", $"POST /x HTTP/1.0\r\n{H}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" },
            { "A15", $"POST /x HTTP/1.1\r\n{H}Content-Length: 1\r\nContent-Length: 0\r\n\r\nZ" },
            { "A16", $"POST /x HTTP/1.1\r\n{H}Content-Length: 1, 1\r\n\r\nZ" },
            { "A18", $"POST /x HTTP/1.1\r\n{H}Content-Length: 0x5\r\n\r\nhello" },
            { "A18", $"POST /x HTTP/1.1\r\n{H}Content-Length: 99999999999999999999\r\n\r\nhello" },
            { "A26", $"GET /x HTTP/1.1\nHost: 127.0.0.1\n\n" },
            { "A26", $"GET /x HTTP/1.1\r\n{H}X: y\r\n\n" },
            { "A27", $"GET /x HTTP/1.1\r\n{H}X: a\rb\r\n\r\n" },
            { "A27", $"GET /x HTTP/1.1\r\n{H}X: a\0b\r\n\r\n" },
            { "A28", $"GET /x HTTP/1.1\r\n{H}X: a\ab\r\n\r\n" },
            { "A28", $"GET /x HTTP/1.1\r\n{H}X: a\u007fb\r\n\r\n" },
            { "A41", $"GE<T /x HTTP/1.1\r\n{H}\r\n" },
            { "A42", $"get /x HTTP/1.1\r\n{H}\r\n" },
            { "A43", $"GET /x HTTP/2.0\r\n{H}\r\n" },
            { "C01", $"POST /x HTTP/1.1\r\n{H}Connection: Content-Length\r\nContent-Length: 3\r\n\r\nabc" },
            { "C02", $"GET /x HTTP/1.1\r\n{H}Connection: Host\r\n\r\n" },
            { "C06", $"GET /x HTTP/1.1\r\n{H}Connection: {string.Join(',', Enumerable.Range(0, 1000))}\r\n\r\n" },
            { "D02", "GET /x HTTP/1.1\r\nHost:\r\n\r\n" },
            { "D03", "GET /x HTTP/1.1\r\nHost: a.test:99999\r\n\r\n" },
            { "D03", "GET /x HTTP/1.1\r\nHost: 127.0.0.1:0\r\n\r\n" },
            { "D03", "GET /x HTTP/1.1\r\nHost: 127.0.0.1:-1\r\n\r\n" },
            { "D07", $"GET http://evil.test/x HTTP/1.1\r\n{H}\r\n" },
            { "D08", $"GET http://u:p@127.0.0.1/x HTTP/1.1\r\n{H}\r\n" },
            { "D10", $"GET ftp://127.0.0.1/x HTTP/1.1\r\n{H}\r\n" },
            { "D10", $"GET file:///etc/passwd HTTP/1.1\r\n{H}\r\n" },
            { "D13", $"GET @evil.test/x HTTP/1.1\r\n{H}\r\n" },
            { "D14", $"GET \\\\evil.test\\x HTTP/1.1\r\n{H}\r\n" },
            { "D14", $"GET /\\evil.test/x HTTP/1.1\r\n{H}\r\n" },
            { "D14", $"GET /a\\..\\b HTTP/1.1\r\n{H}\r\n" },
            { "D16", $"GET /a#b HTTP/1.1\r\n{H}\r\n" },
            { "traps 9", $"GET /a%zz HTTP/1.1\r\n{H}\r\n" },
            { "traps 5", $"GET /x HTTP/1.1\r\n{H}Fo(o: x\r\n\r\n" },
            { "traps 9", $"GET https://127.0.0.1/x HTTP/1.1\r\n{H}\r\n" },
            { "E09", $"GET /a%00 HTTP/1.1\r\n{H}\r\n" },
        };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task ARequestWithTwoReadings_IsRefused_AndItsConnectionEnds(string row, string request)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("no"));
        await using var proxy = await TestProxy.StartAsync(origin);
        var answer = await proxy.ExchangeAsync(request);
        Assert.True(Status(answer) is 400 or 405 or 501 or 505, $"{row}: {answer}");
        Assert.Single(System.Text.RegularExpressions.Regex.Matches(answer, "HTTP/1\\.1 [0-9]{3} "));
        Assert.Contains("Connection: close", answer, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(origin.Requests);
        await AssertHealthyAsync(proxy);
    }

    [Theory]
    [InlineData("CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n")]
    [InlineData("TRACE /x HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: s=1\r\n\r\n")]
    public async Task A39_A40_ConnectAndTrace_Are405_AndNothingIsEchoed(string request)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("no"));
        await using var proxy = await TestProxy.StartAsync(origin);
        var answer = await proxy.ExchangeAsync(request);
        Assert.Equal(405, Status(answer));
        Assert.DoesNotContain("s=1", answer);
        Assert.Empty(origin.Requests);
    }

    [Theory]
    [InlineData("200-ok")]
    [InlineData("y 100-continue")]
    public async Task A33_AnUnknownExpectation_Is417(string expect)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("no"));
        await using var proxy = await TestProxy.StartAsync(origin);
        Assert.Equal(417, Status(await proxy.ExchangeAsync(proxy.Raw("GET", "/x", $"Expect: {expect}"))));
        Assert.Empty(origin.Requests);
    }

    [Theory]
    [InlineData("FFFFFFFFFFFFFFED\r\nx\r\n0\r\n\r\n")]
    [InlineData("0x1\r\nZ\r\n0\r\n\r\n")]
    [InlineData("+1\r\nZ\r\n0\r\n\r\n")]
    [InlineData("1\r\nThis is more than one byte\r\n0\r\n\r\n")]
    [InlineData("1;a\nZ\r\n0\r\n\r\n")]
    public async Task A20_A23_A24_BrokenChunks_AreTheClientsFault_NotTheOrigins(string chunks)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("no"));
        await using var proxy = await TestProxy.StartAsync(origin);
        var answer = await proxy.ExchangeAsync(proxy.Raw("POST", "/x", "Transfer-Encoding: chunked") + chunks);
        Assert.Equal(400, Status(answer));
        Assert.DoesNotContain(origin.Requests, request => request.Body.Length > 1);
        await AssertHealthyAsync(proxy);
    }

    [Fact]
    public async Task A14_UnderscoreTwins_AreNotForwarded()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("ok"));
        await using var proxy = await TestProxy.StartAsync(origin);
        using var client = await RawClient.ConnectAsync(proxy.Url);
        await client.SendAsync(
            proxy.Raw("GET", "/x", "Content_Length: 3", "Transfer_Encoding: chunked", "X_Forwarded_For: 1.2.3.4", "api_key: k")
        );
        await client.ReadUntilAsync("ok");
        var request = Assert.Single(origin.Requests);
        Assert.Equal(
            (null, null, null, "k"),
            (request["Content_Length"], request["Transfer_Encoding"], request["X_Forwarded_For"], request["api_key"])
        );
    }

    [Fact]
    public async Task A22_A25_ChunkExtensionsAndTrailers_StayBehind()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("ok"));
        await using var proxy = await TestProxy.StartAsync(origin);
        using var client = await RawClient.ConnectAsync(proxy.Url);
        await client.SendAsync(
            proxy.Raw("POST", "/x", "Transfer-Encoding: chunked") + "5;ext=1\r\nhello\r\n0\r\nAuthorization: Basic x\r\n\r\n"
        );
        await client.ReadUntilAsync("ok");
        var request = Assert.Single(origin.Requests);
        Assert.Equal(("hello", null), (request.BodyText, request["Authorization"]));
    }

    [Fact]
    public async Task A30_ABodyThatLooksLikeARequest_IsNeverExecuted()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("ok", "Cache-Control: max-age=60"));
        await using var proxy = await TestProxy.StartAsync(origin);
        await proxy.Client.GetAsync("/hit");
        var hidden = proxy.Raw("GET", "/evil");
        using var client = await RawClient.ConnectAsync(proxy.Url);
        await client.SendAsync(
            proxy.Raw("GET", "/hit", $"Content-Length: {hidden.Length}") + hidden + proxy.Raw("GET", "/last", "Connection: close")
        );
        await client.ReadToEndAsync();
        Assert.DoesNotContain(origin.Requests, request => request.Target == "/evil");
    }

    [Fact]
    public async Task A32_AnEarlyAnswerToAnAnnouncedBody_EndsTheConnection()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("ok", "Cache-Control: max-age=60"));
        await using var proxy = await TestProxy.StartAsync(origin);
        await proxy.Client.GetAsync("/hit");
        var hidden = proxy.Raw("GET", "/evil");
        var answer = await proxy.ExchangeAsync(
            proxy.Raw("GET", "/hit", "Expect: 100-continue", $"Content-Length: {hidden.Length}") + hidden
        );
        Assert.Contains("Connection: close", answer);
        Assert.DoesNotContain(origin.Requests, request => request.Target == "/evil");
    }

    [Theory]
    [InlineData("POST", "/proxy")]
    [InlineData("GET", "/healthz")]
    [InlineData("PURGE", "/x")]
    public async Task A32_AnAnswerOfOurOwnToAnAnnouncedBody_EndsTheConnectionAsWell(string method, string target)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("no"));
        await using var proxy = await TestProxy.StartAsync(origin);
        Assert.Contains(
            "Connection: close",
            await proxy.ExchangeAsync(proxy.Raw(method, target, "Expect: 100-continue", "Content-Length: 40"))
        );
    }

    [Theory]
    [InlineData("/proxy?url=x")]
    [InlineData("/cache")]
    public async Task ARefusalOnOurOwnPaths_HasTheShapeOfOurErrors(string target)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("no"));
        await using var proxy = await TestProxy.StartAsync(origin);
        Assert.Contains("\"success\":false", await proxy.ExchangeAsync($"GET {target} HTTP/1.1\r\nHost: evil.test\r\n\r\n"));
        Assert.Contains("\"success\":false", await proxy.ExchangeAsync(proxy.Raw("GET", target, "X: a\ab")));
    }

    [Fact]
    public async Task A34_ABodyThatIsCutShort_ReachesTheOriginAsNoWholeRequest()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("ok"));
        await using var proxy = await TestProxy.StartAsync(origin);
        using var client = await RawClient.ConnectAsync(proxy.Url);
        await client.SendAsync(proxy.Raw("POST", "/x", "Content-Length: 10") + "12345");
        client.Reset();
        await AssertHealthyAsync(proxy);
        Assert.Empty(origin.Requests);
    }

    [Fact]
    public async Task A44_PipelinedRequests_AreAnsweredInOrder()
    {
        await using var origin = new FakeOrigin(request => FakeOrigin.Response($"body of {request.Target}"));
        await using var proxy = await TestProxy.StartAsync(origin);
        var answer = await proxy.ExchangeAsync(
            proxy.Raw("GET", "/a") + proxy.Raw("GET", "/b") + proxy.Raw("GET", "/c", "Connection: close")
        );
        Assert.True(
            answer.IndexOf("body of /a") < answer.IndexOf("body of /b") && answer.IndexOf("body of /b") < answer.IndexOf("body of /c")
        );
    }

    [Fact]
    public async Task D04_D06_SpellingsOfOneHost_ShareOneEntry()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("ok", "Cache-Control: max-age=60"));
        await using var proxy = await TestProxy.StartAsync(origin, new() { AllowedHosts = ["*"] });
        foreach (
            var request in (string[])
                [
                    "GET /x HTTP/1.1\r\nHost: A.TEST:80\r\n",
                    "GET /x HTTP/1.1\r\nHost: a.test.\r\n",
                    "GET http://a.test/x HTTP/1.1\r\nHost: a.test\r\n",
                ]
        )
        {
            await proxy.ExchangeAsync(request + "Connection: close\r\n\r\n");
        }

        Assert.Equal("a.test", Assert.Single(origin.Requests)["X-Forwarded-Host"]);
    }

    [Fact]
    public async Task D05_AForeignHost_IsMisdirected()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("no"));
        await using var proxy = await TestProxy.StartAsync(origin);
        Assert.Equal(421, Status(await proxy.ExchangeAsync("GET /x HTTP/1.1\r\nHost: evil.test\r\n\r\n")));
        Assert.Empty(origin.Requests);
    }

    [Fact]
    public async Task D15_OptionsOfTheWholeServer_IsAnsweredHere()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("no"));
        await using var proxy = await TestProxy.StartAsync(origin);
        var answer = await proxy.ExchangeAsync(proxy.Raw("OPTIONS", "*", "Connection: close"));
        Assert.Equal(204, Status(answer));
        Assert.Contains("Allow: GET", answer);
        Assert.Empty(origin.Requests);
    }

    [Fact]
    public async Task C13_MaxForwardsOfZero_IsAnsweredHere()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("no"));
        await using var proxy = await TestProxy.StartAsync(origin);
        Assert.Equal(204, Status(await proxy.ExchangeAsync(proxy.Raw("OPTIONS", "/x", "Max-Forwards: 0", "Connection: close"))));
        Assert.Empty(origin.Requests);
    }

    [Fact]
    public async Task E17_ATargetThatIsTooLong_Is414_AndOneJustShortEnoughIsNot()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("ok"));
        await using var proxy = await TestProxy.StartAsync(origin);
        Assert.Equal(414, Status(await proxy.ExchangeAsync(proxy.Raw("GET", "/" + new string('a', 8300), "Connection: close"))));
        Assert.Equal(200, Status(await proxy.ExchangeAsync(proxy.Raw("GET", "/" + new string('a', 8000), "Connection: close"))));
    }

    [Fact]
    public async Task A46_MutatedRequests_NeverCrashTheProxy_AndOnlyWholeRequestsReachTheOrigin()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("ok"));
        await using var proxy = await TestProxy.StartAsync(origin);
        var seeds = Refused.Select(row => row.Data.Item2).ToArray();
        var random = new Random(20261122);
        for (var round = 0; round < 300; round++)
        {
            var bytes = seeds[random.Next(seeds.Length)].ToCharArray();
            for (var change = random.Next(1, 4); change > 0; change--)
            {
                bytes[random.Next(bytes.Length)] = (char)random.Next(256);
            }

            using var client = await RawClient.ConnectAsync(proxy.Url);
            await client.SendAsync(new string(bytes));
            client.EndSending();
            var answer = await client.ReadToEndAsync();
            Assert.DoesNotContain("HTTP/1.1 500", answer);
        }

        Assert.All(origin.Requests, request => Assert.StartsWith("/", request.Target));
        await AssertHealthyAsync(proxy);
    }

    private static int Status(string answer) =>
        answer.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) ? int.Parse(answer.AsSpan(9, 3)) : 0;

    private static async Task AssertHealthyAsync(TestProxy proxy) =>
        Assert.Equal("{\"status\":\"ok\"}", await proxy.Client.GetStringAsync("/healthz"));
}
