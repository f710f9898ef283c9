using CachingProxy.Configuration;
using CachingProxy.Serving;
using CachingProxy.TestKit;

namespace CachingProxy.AspNetCore.Tests.Responses;

/// <summary>Interim responses (RFC 9110 §15.2): they reach the client, and nothing of them stays.</summary>
public class InterimResponseTests
{
    private const string Hints = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n";

    [Theory]
    [InlineData(102)]
    [InlineData(103)]
    [InlineData(199)]
    public async Task B17_AnInterimResponse_ReachesTheClientBeforeTheFinalOne(int status)
    {
        var mayGoOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                await connection.SendAsync($"HTTP/1.1 {status} Interim\r\nX-Interim: 1\r\n\r\n");
                await mayGoOn.Task;
                await connection.SendAsync(FakeOrigin.Response("body", "Cache-Control: max-age=60"));
            }
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        using var client = await RawClient.ConnectAsync(proxy.Url);
        await client.SendAsync(proxy.Raw("GET", "/x"));
        var interim = await client.ReadUntilAsync("\r\n\r\n");
        Assert.StartsWith($"HTTP/1.1 {status} ", interim);
        Assert.Contains("X-Interim: 1\r\n", interim);
        mayGoOn.SetResult();
        var final = await client.ReadUntilAsync("body");
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", final);
        Assert.DoesNotContain("X-Interim", final);
    }

    [Fact]
    public async Task B17_NothingOfAnInterimResponse_IsStored()
    {
        await using var origin = new FakeOrigin(_ => Hints + FakeOrigin.Response("body", "Cache-Control: max-age=60"));
        await using var proxy = await TestProxy.StartAsync(origin);
        await proxy.ExchangeAsync(proxy.Raw("GET", "/x", "Connection: close"));
        var hit = await proxy.ExchangeAsync(proxy.Raw("GET", "/x", "Connection: close"));
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", hit);
        Assert.Contains("X-Cache: HIT", hit);
        Assert.DoesNotContain("style.css", hit);
    }

    [Fact]
    public async Task SeveralInterimResponses_SplitAnywhere_ArriveInTheirOrder()
    {
        var bytes = "HTTP/1.1 102 Processing\r\n\r\n" + Hints + "HTTP/1.1 100 Continue\r\n\r\n" + FakeOrigin.Response("body");
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                foreach (var letter in bytes)
                {
                    await connection.SendAsync(letter.ToString());
                }
            }
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        var answer = await proxy.ExchangeAsync(proxy.Raw("GET", "/x", "Connection: close"));
        Assert.Matches(
            @"^HTTP/1\.1 102 [^\r]*\r\n\r\nHTTP/1\.1 103 [^\r]*\r\nLink: </style.css>; rel=preload\r\n\r\nHTTP/1\.1 200 OK\r\n",
            answer
        );
    }

    [Fact]
    public async Task WhoWaitsForAnothersFetch_IsNotToldWhatComesBeforeItsHead()
    {
        var mayGoOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                await mayGoOn.Task;
                await connection.SendAsync(Hints + FakeOrigin.Response("body", "Cache-Control: private"));
            }
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        using var first = await RawClient.ConnectAsync(proxy.Url);
        using var second = await RawClient.ConnectAsync(proxy.Url);
        await first.SendAsync(proxy.Raw("GET", "/x", "Cookie: alice=1"));
        while (origin.Requests.IsEmpty)
        {
            await Task.Yield();
        }

        await second.SendAsync(proxy.Raw("GET", "/x"));
        mayGoOn.SetResult();
        Assert.StartsWith("HTTP/1.1 103", await first.ReadUntilAsync("body"));
        Assert.Equal(1, (await second.ReadUntilAsync("body")).Split("HTTP/1.1 103").Length - 1 - (origin.Requests.Count - 2));
        Assert.Equal(2, origin.Requests.Count);
    }

    [Fact]
    public async Task AClientThatHasLeft_DisturbsNobodyWhoWaits()
    {
        var mayGoOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                await mayGoOn.Task;
                await connection.SendAsync(Hints + FakeOrigin.Response("body", "Cache-Control: max-age=60"));
            }
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        using var first = await RawClient.ConnectAsync(proxy.Url);
        await first.SendAsync(proxy.Raw("GET", "/x"));
        while (origin.Requests.IsEmpty)
        {
            await Task.Yield();
        }

        var second = proxy.ExchangeAsync(proxy.Raw("GET", "/x", "Connection: close"));
        first.Reset();
        await Task.Yield();
        mayGoOn.SetResult();
        Assert.EndsWith("body", await second);
        Assert.Single(origin.Requests);
    }

    [Theory]
    [InlineData("HTTP/1.1 103 Early Hints\nLink: </a>\n\n")]
    [InlineData("HTTP/1.1 103 Early Hints\r\nLink: </a>\n\r\n")]
    public async Task AHeadWithBareLineFeeds_IsNotHandedOn_ForItMayEndElsewhere(string interim)
    {
        await using var origin = new FakeOrigin(_ =>
            interim + "HTTP/1.1 200 OK\r\nX-Final: 1\r\nContent-Length: 46\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </evil.css>\r\n\r\n"
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        Assert.StartsWith("HTTP/1.1 200", await proxy.ExchangeAsync(proxy.Raw("GET", "/x", "Connection: close")));
    }

    [Fact]
    public async Task AnOriginThatSaysThatItIsAtWork_IsNotSilent()
    {
        var time = new FakeTimeProvider();
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                for (var number = 0; number < 3; number++)
                {
                    await connection.SendAsync("HTTP/1.1 102 Processing\r\n\r\n");
                    await connection.SendAsync("");
                }

                await connection.HoldAsync();
            }
        );
        await using var proxy = await TestProxy.StartWithAsync(
            new ProxySettings { Origin = origin.Url },
            new ServerDependencies { Time = time }
        );
        using var client = await RawClient.ConnectAsync(proxy.Url);
        await client.SendAsync(proxy.Raw("GET", "/x"));
        await client.ReadUntilAsync("102 \r\n\r\nHTTP/1.1 102 \r\n\r\nHTTP/1.1 102 \r\n\r\n");
        time.Advance(TimeSpan.FromSeconds(60));
        Assert.StartsWith("HTTP/1.1 504", await client.ReadUntilAsync("\r\n\r\n"));
    }

    [Fact]
    public async Task OnAConnectionThatIsUsedAgain_EachRequestHasItsOwn()
    {
        await using var origin = new FakeOrigin(request =>
            $"HTTP/1.1 103 Early Hints\r\nX-For: {request.Target}\r\n\r\n" + FakeOrigin.Response(request.Target, "Cache-Control: no-store")
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        using var client = await RawClient.ConnectAsync(proxy.Url);
        for (var number = 0; number < 50; number++)
        {
            await client.SendAsync(proxy.Raw("GET", $"/{number}"));
            var answer = await client.ReadUntilAsync($"\r\n\r\n/{number}");
            Assert.Matches($@"^HTTP/1\.1 103 Early Hints\r\nX-For: /{number}\r\n\r\nHTTP/1\.1 200", answer);
        }
    }

    [Fact]
    public async Task PipelinedRequests_HaveTheirInterimResponsesInTheirPlaces()
    {
        await using var origin = new FakeOrigin(request =>
            $"HTTP/1.1 103 Early Hints\r\nX-For: {request.Target}\r\n\r\n" + FakeOrigin.Response("body", "Cache-Control: no-store")
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        var answer = await proxy.ExchangeAsync(
            proxy.Raw("GET", "/a") + proxy.Raw("GET", "/b") + proxy.Raw("GET", "/c", "Connection: close")
        );
        Assert.Matches(
            @"(?s)^HTTP/1\.1 103 .*X-For: /a\r\n\r\nHTTP/1\.1 200 .*\r\n\r\nbodyHTTP/1\.1 103 .*X-For: /b\r\n\r\nHTTP/1\.1 200 .*\r\n\r\nbodyHTTP/1\.1 103 .*X-For: /c\r\n\r\nHTTP/1\.1 200 .*\r\n\r\nbody$",
            answer
        );
    }

    [Fact]
    public async Task HopByHopFieldsCookiesAndControlCharacters_AreNotHandedOn()
    {
        await using var origin = new FakeOrigin(_ =>
            "HTTP/1.1 103 Early Hints\r\nConnection: X-A\r\nX-A: 1\r\nSet-Cookie: a=b\r\nContent-Length: 5\r\nX-B: a\u0007b\r\nX-C: 1\r\n\r\n"
            + FakeOrigin.Response("body")
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        var answer = await proxy.ExchangeAsync(proxy.Raw("GET", "/x", "Connection: close"));
        Assert.Matches(@"^HTTP/1\.1 103 Early Hints\r\nX-C: 1\r\n\r\nHTTP/1\.1 200", answer);
    }

    [Fact]
    public async Task AClientOfHttp10_HasNone()
    {
        await using var origin = new FakeOrigin(_ => Hints + FakeOrigin.Response("body"));
        await using var proxy = await TestProxy.StartAsync(origin);
        var answer = await proxy.ExchangeAsync($"GET /x HTTP/1.0\r\nHost: {proxy.Url.Authority}\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200", answer);
    }

    [Fact]
    public async Task AnUnsafeRequest_HasTheInterimResponsesOfItsOwn()
    {
        await using var origin = new FakeOrigin(_ => "HTTP/1.1 102 Processing\r\n\r\n" + FakeOrigin.Response("done"));
        await using var proxy = await TestProxy.StartAsync(origin);
        var answer = await proxy.ExchangeAsync(proxy.Raw("POST", "/x", "Content-Length: 2", "Connection: close") + "hi");
        Assert.Matches(@"(?s)^HTTP/1\.1 102 \r\n\r\nHTTP/1\.1 200 .*done$", answer);
    }

    [Fact]
    public async Task B18_AFloodOfInterimResponses_IsHandedOnInParts_AndEndsAsA502()
    {
        await using var origin = new FakeOrigin(_ => string.Concat(Enumerable.Repeat(Hints, 5000)) + FakeOrigin.Response("body"));
        await using var proxy = await TestProxy.StartAsync(origin);
        var answer = await proxy.ExchangeAsync(proxy.Raw("GET", "/x", "Connection: close"));
        Assert.InRange(answer.Split("HTTP/1.1 103").Length - 1, 1, 32);
        Assert.Contains("HTTP/1.1 502", answer);
    }
}
