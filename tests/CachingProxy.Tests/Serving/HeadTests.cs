using CachingProxy.TestKit;

namespace CachingProxy.Tests.Serving;

/// <summary>What is seen of a head before Kestrel has read it, and what is said of one that it refuses.</summary>
public class HeadTests
{
    [Theory]
    [InlineData("close, X-Foo")]
    [InlineData("keep-alive, X-Foo")]
    [InlineData("X-Foo, close")]
    [InlineData("X-Foo")]
    [InlineData("close", "X-Foo")]
    [InlineData("X-Foo", "close")]
    [InlineData("keep-alive", "x-foo")]
    public async Task AFieldThatConnectionNames_DoesNotReachTheOrigin(params string[] lines)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("ok"));
        await using var proxy = await TestProxy.StartAsync(origin);
        using var client = await RawClient.ConnectAsync(proxy.Url);

        await client.SendAsync(proxy.Raw("GET", "/x", [.. lines.Select(line => $"connection: {line}"), "X-Foo: 1", "X-Bar: 2"]));
        await client.ReadUntilAsync("ok");

        var request = Assert.Single(origin.Requests);
        Assert.Null(request["X-Foo"]);
        Assert.Equal("2", request["X-Bar"]);
    }

    [Fact]
    public async Task WhatConnectionNames_HoldsForItsOwnRequestAlone_HoweverTheHeadArrives()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("ok"));
        await using var proxy = await TestProxy.StartAsync(origin);
        using var client = await RawClient.ConnectAsync(proxy.Url);

        foreach (var letter in proxy.Raw("GET", "/1", "Connection: keep-alive, X-Foo", "X-Foo: 1"))
        {
            await client.SendAsync($"{letter}");
        }

        await client.ReadUntilAsync("ok");
        await client.SendAsync(proxy.Raw("GET", "/2", "X-Foo: 1") + proxy.Raw("GET", "/3", "Connection: close, X-Foo", "X-Foo: 1"));
        await client.ReadToEndAsync();

        Assert.Equal([null, "1", null], origin.Requests.Select(request => request["X-Foo"]));
    }

    [Theory]
    [InlineData("/a b", "holds a blank; encode it as %20")]
    [InlineData("/?q=a b", "holds a blank; encode it as %20")]
    [InlineData("/?q=\u00e9", "holds a byte beyond ASCII")]
    [InlineData("/?q=\u0001", "any visible ASCII")]
    [InlineData("/a\tb", "any visible ASCII")]
    [InlineData("/a\"b", "Its path may hold what RFC 3986 permits")]
    [InlineData("/a\\b", "Its path may hold what RFC 3986 permits")]
    [InlineData("/100%", "Its path may hold what RFC 3986 permits")]
    [InlineData("/?a#b", "any visible ASCII but #")]
    public async Task ATargetWithWhatMustBeEncoded_IsRefused_AndToldWhat(string target, string reason)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("no"));
        await using var proxy = await TestProxy.StartAsync(origin);

        var answer = await proxy.ExchangeAsync(proxy.Raw("GET", target, "Connection: close"));

        Assert.StartsWith("HTTP/1.1 400 ", answer);
        Assert.Contains(reason, answer);
        Assert.Empty(origin.Requests);
    }

    [Fact]
    public async Task AFieldThatLooksLikeARequestLine_IsNotTakenForOne()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("no"));
        await using var proxy = await TestProxy.StartAsync(origin);
        using var client = await RawClient.ConnectAsync(proxy.Url);
        await client.SendAsync("GET /x HTTP/1.1\r\n");
        await Task.Delay(100, TestContext.Current.CancellationToken);
        await client.SendAsync("X-A: b c HTTP/1.1\r\nbroken\r\n\r\n");
        var answer = await client.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 400 ", answer);
        Assert.DoesNotContain("holds a blank", answer);
    }

    [Theory]
    [InlineData("/search?q=\"x\"&r=<a>|b{c}^d\\e`f&g=[1]")]
    [InlineData("/search?discount=100%")]
    [InlineData("/search?a=%zz&b=%2")]
    [InlineData("/search?a?b=/../c")]
    [InlineData("/search?")]
    public async Task AQuery_ReachesTheOriginByteForByte_AndIsAKeyByItself(string target)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("ok", "Cache-Control: max-age=60"));
        await using var proxy = await TestProxy.StartAsync(origin);
        using var client = await RawClient.ConnectAsync(proxy.Url);

        foreach (var isHit in (bool[])[false, true])
        {
            await client.SendAsync(proxy.Raw("GET", target));
            Assert.Contains(isHit ? "X-Cache: HIT" : "X-Cache: MISS", await client.ReadUntilAsync("ok"));
        }

        Assert.Equal(target, Assert.Single(origin.Requests).Target);
    }

    [Theory]
    [InlineData("GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", "400 Bad Request")]
    [InlineData("GET /\u00e9 HTTP/1.1\r\nHost: a\r\n\r\n", "400 Bad Request")]
    [InlineData("GET / HTTP/3.7\r\nHost: a\r\n\r\n", "505 HTTP Version Not Supported")]
    [InlineData("nonsense\r\n\r\n", "400 Bad Request")]
    public async Task AHeadThatCannotBeRead_IsRefusedWithAReason(string request, string status)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("no"));
        await using var proxy = await TestProxy.StartAsync(origin);

        AssertRefused(status, await proxy.ExchangeAsync(request));
        Assert.Empty(origin.Requests);
    }

    [Fact]
    public async Task I06_AHeadThatIsTooLarge_IsRefusedWithAReason()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("no"));
        await using var proxy = await TestProxy.StartAsync(origin);

        AssertRefused(
            "431 Request Header Fields Too Large",
            await proxy.ExchangeAsync(proxy.Raw("GET", "/", $"X: {new string('a', 33_000)}"))
        );
        AssertRefused(
            "431 Request Header Fields Too Large",
            await proxy.ExchangeAsync(proxy.Raw("GET", "/", [.. Enumerable.Range(0, 101).Select(number => $"X-{number}: 1")]))
        );
        AssertRefused("414 URI Too Long", await proxy.ExchangeAsync(proxy.Raw("GET", $"/{new string('a', 9000)}")));
        AssertRefused("4", await proxy.ExchangeAsync($"{new string('A', 100_000)} / HTTP/1.1\r\n\r\n"));
        AssertRefused("4", await proxy.ExchangeAsync(proxy.Raw("GET", "/", $"{new string('a', 100_000)}: 1")));
        Assert.Empty(origin.Requests);
    }

    [Fact]
    public async Task AfterAnAnswer_AHeadThatCannotBeReadIsRefusedWithAReasonAsWell()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("ok"));
        await using var proxy = await TestProxy.StartAsync(origin);
        using var client = await RawClient.ConnectAsync(proxy.Url);

        await client.SendAsync(proxy.Raw("GET", "/x") + "nonsense\r\n\r\n");
        var answers = await client.ReadToEndAsync();

        Assert.StartsWith("HTTP/1.1 200", answers, StringComparison.Ordinal);
        AssertRefused("400", answers[answers.IndexOf("HTTP/1.1 400", StringComparison.Ordinal)..]);
    }

    private static void AssertRefused(string status, string answer)
    {
        // A client that was still sending may see the reset after the answer.
        Assert.StartsWith($"HTTP/1.1 {status}", answer, StringComparison.Ordinal);
        Assert.Contains("application/problem+json", answer, StringComparison.Ordinal);
        Assert.Contains("\"detail\"", answer, StringComparison.Ordinal);
        Assert.Contains("Connection: close", answer, StringComparison.Ordinal);
    }
}
