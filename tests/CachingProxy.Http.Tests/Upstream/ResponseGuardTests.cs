using System.Net;
using CachingProxy.TestKit;

namespace CachingProxy.Http.Tests.Upstream;

/// <summary>Attacks B: what an origin sends that is no response, or not a whole one.</summary>
public class ResponseGuardTests
{
    private const string Fresh = "Cache-Control: max-age=60\r\n";

    [Theory]
    [InlineData("B04", "HTTP/1.1 200 OK\r\n" + Fresh + "Content-Length: -3\r\n\r\nabc")]
    [InlineData("B04", "HTTP/1.1 200 OK\r\n" + Fresh + "Content-Length: +3\r\n\r\nabc")]
    [InlineData("B04", "HTTP/1.1 200 OK\r\n" + Fresh + "Content-Length: 3abc\r\n\r\nabc")]
    [InlineData("B04", "HTTP/1.1 200 OK\r\n" + Fresh + "Content-Length: 99999999999999999999\r\n\r\nabc")]
    [InlineData("B05", "HTTP/1.1 200 OK\r\n" + Fresh + "Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde")]
    [InlineData("B05", "HTTP/1.1 200 OK\r\n" + Fresh + "Content-Length: 3, 5\r\n\r\nabcde")]
    [InlineData("B08", "HTTP/1.1 200 OK\r\n" + Fresh + "Transfer-Encoding: gzip\r\n\r\nabc")]
    [InlineData("B08", "HTTP/1.1 200 OK\r\n" + Fresh + "Transfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")]
    [InlineData(
        "B08",
        "HTTP/1.1 200 OK\r\n" + Fresh + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    )]
    [InlineData("B08", "HTTP/1.1 200 OK\r\n" + Fresh + "Transfer-Encoding: identity\r\n\r\nabc")]
    [InlineData("B16", "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nabc")]
    [InlineData("B20", "HTTP/1.1 304 Not Modified\r\n\r\n")]
    [InlineData("B22", "HTTP/1.1 000 Zero\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("B22", "HTTP/1.1 600 Odd\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("B22", "HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("B22", "HTTP/1.1 1000 Odd\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("B25", "HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("B28", "<html>hi</html>")]
    [InlineData("B28", "ICY 200 OK\r\n\r\n")]
    [InlineData("B28", "")]
    public async Task AnAnswerThatIsNoValidResponse_IsA502_AndNotStored(string row, string answer)
    {
        await using var origin = Closing(answer);
        await using var proxy = await TestProxy.StartAsync(origin);
        for (var attempt = 0; attempt < 2; attempt++)
        {
            var response = await proxy.Client.GetAsync("/x");
            Assert.True(response.StatusCode == HttpStatusCode.BadGateway, $"{row}: {response}");
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
            Assert.Contains("error=", response.Headers.GetValues("Proxy-Status").Single());
        }

        Assert.True(origin.Requests.Count >= 2);
    }

    [Fact]
    public async Task B05_TheSameLengthTwice_IsThatLength()
    {
        await using var origin = new FakeOrigin(_ => "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc");
        await using var proxy = await TestProxy.StartAsync(origin);
        Assert.Equal("abc", await proxy.Client.GetStringAsync("/x"));
    }

    [Theory]
    [InlineData("Content-Length: 5", 200)]
    [InlineData("Content-Length: abc", 502)]
    public async Task B04_TheLengthInAnAnswerToHead_IsCheckedAsWell(string field, int status)
    {
        await using var origin = new FakeOrigin(_ => $"HTTP/1.1 200 OK\r\n{field}\r\n\r\n");
        await using var proxy = await TestProxy.StartAsync(origin);
        var response = await proxy.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/x"));
        Assert.Equal(status, (int)response.StatusCode);
        Assert.True(status != 200 || response.Content.Headers.ContentLength == 5);
    }

    [Fact]
    public async Task B26_TooManyFields_AreA502()
    {
        await using var origin = new FakeOrigin(_ =>
            FakeOrigin.Response("x", [.. Enumerable.Range(0, 2000).Select(number => $"X-{number}: 1")])
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        Assert.Equal(HttpStatusCode.BadGateway, (await proxy.Client.GetAsync("/x")).StatusCode);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\n" + Fresh + "Content-Length: 10\r\n\r\nabc", false)]
    [InlineData("HTTP/1.1 200 OK\r\n" + Fresh + "Content-Length: 10\r\n\r\nabc", true)]
    [InlineData("HTTP/1.1 200 OK\r\n" + Fresh + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", false)]
    [InlineData("HTTP/1.1 200 OK\r\n" + Fresh + "Transfer-Encoding: chunked\r\n\r\n5\r\nab", false)]
    [InlineData("HTTP/1.1 200 OK\r\n" + Fresh + "Transfer-Encoding: chunked\r\n\r\nZZ\r\nab", false)]
    [InlineData("HTTP/1.1 200 OK\r\nCache-Control: private\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", false)]
    public async Task B01_B02_B03_B11_ABrokenBody_NeverLooksWhole_AndIsNeverStored(string answer, bool reset)
    {
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                await connection.SendAsync(answer);
                if (reset)
                {
                    connection.Reset();
                }
                else
                {
                    connection.Close();
                }
            }
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        for (var attempt = 0; attempt < 2; attempt++)
        {
            var received = await proxy.ExchangeAsync(proxy.Raw("GET", "/x", "Connection: close"));
            Assert.True(received.StartsWith("HTTP/1.1 502", StringComparison.Ordinal) || !IsWhole(received), received);
        }

        Assert.True(origin.Requests.Count >= 2, "each attempt reached the origin");
    }

    [Fact]
    public async Task B13_ABodyThatEndsWithAReset_IsBroken()
    {
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                await connection.SendAsync("HTTP/1.1 200 OK\r\n" + Fresh + "\r\nabc");
                connection.Reset();
            }
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        var received = await proxy.ExchangeAsync(proxy.Raw("GET", "/x", "Connection: close"));
        Assert.False(received.EndsWith("0\r\n\r\n", StringComparison.Ordinal), received);
    }

    [Fact]
    public async Task B12_ABodyThatEndsWithTheConnection_IsDeliveredAndStored()
    {
        await using var origin = Closing("HTTP/1.1 200 OK\r\n" + Fresh + "\r\nabc");
        await using var proxy = await TestProxy.StartAsync(origin);
        Assert.Equal("abc", await proxy.Client.GetStringAsync("/x"));
        Assert.Equal("HIT", (await proxy.Client.GetAsync("/x")).Headers.GetValues("X-Cache").Single());
    }

    [Fact]
    public async Task B06_BothFramings_AreReadAsChunks_NotStored_AndTheConnectionIsNotUsedAgain()
    {
        await using var origin = new FakeOrigin(_ =>
            "HTTP/1.1 200 OK\r\n" + Fresh + "Transfer-Encoding: chunked\r\nContent-Length: 30\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        for (var attempt = 0; attempt < 3; attempt++)
        {
            var response = await proxy.Client.GetAsync("/x");
            Assert.Equal("abc", await response.Content.ReadAsStringAsync());
            Assert.Equal("MISS", response.Headers.GetValues("X-Cache").Single());
        }

        Assert.Equal(3, origin.Connections);
    }

    [Fact]
    public async Task B14_BytesAfterAResponse_NeverReachTheNextClient()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("OK") + FakeOrigin.Response("POISON"));
        await using var proxy = await TestProxy.StartAsync(origin);
        for (var attempt = 0; attempt < 5; attempt++)
        {
            Assert.Equal("OK", await proxy.Client.GetStringAsync($"/{attempt}"));
        }
    }

    [Fact]
    public async Task B17_InterimResponses_AreNeverTheFinalOne()
    {
        await using var origin = new FakeOrigin(_ => "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + FakeOrigin.Response("final"));
        await using var proxy = await TestProxy.StartAsync(origin);
        var response = await proxy.Client.GetAsync("/x");
        Assert.Equal("final", await response.Content.ReadAsStringAsync());
        Assert.False(response.Headers.Contains("Link"));
    }

    [Theory]
    [InlineData("HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc", 204)]
    [InlineData("HTTP/1.1 205 Reset Content\r\nContent-Length: 3\r\n\r\nabc", 205)]
    public async Task B19_B21_StatusesWithoutContent_ReachTheClientWithoutContent(string answer, int status)
    {
        await using var origin = new FakeOrigin(_ => answer);
        await using var proxy = await TestProxy.StartAsync(origin);
        var response = await proxy.Client.GetAsync("/x");
        Assert.Equal((status, ""), ((int)response.StatusCode, await response.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task B24_AFieldThatNobodyCouldSendOn_IsLeftOut_AndTheHitIsDelivered()
    {
        await using var origin = new FakeOrigin(_ =>
            FakeOrigin.Response("ok", "Cache-Control: max-age=60", "X-Bad: a\ab", "X-Latin: caf\u00e9")
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        for (var attempt = 0; attempt < 2; attempt++)
        {
            var received = await proxy.ExchangeAsync(proxy.Raw("GET", "/x", "Connection: close"));
            Assert.StartsWith("HTTP/1.1 200", received);
            Assert.DoesNotContain("X-Bad", received);
            Assert.Contains("X-Latin: caf\u00e9", received);
        }
    }

    [Fact]
    public async Task B29_Trailers_AreNeverMergedIntoTheFields()
    {
        await using var origin = new FakeOrigin(_ =>
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Set-Cookie\r\n\r\n2\r\nok\r\n0\r\nSet-Cookie: t=1\r\n\r\n"
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        Assert.DoesNotContain("Set-Cookie", await proxy.ExchangeAsync(proxy.Raw("GET", "/x", "Connection: close")));
    }

    [Fact]
    public async Task B30_C05_HopByHopFieldsOfTheResponse_AreRemoved_ButCacheControlIsObeyedFirst()
    {
        await using var origin = new FakeOrigin(_ =>
            FakeOrigin.Response(
                "ok",
                "Connection: X-Foo, Cache-Control",
                "X-Foo: 1",
                "Cache-Control: no-store",
                "Keep-Alive: timeout=5",
                "Proxy-Authenticate: Basic"
            )
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        for (var attempt = 0; attempt < 2; attempt++)
        {
            var response = await proxy.Client.GetAsync("/x");
            Assert.Equal("MISS", response.Headers.GetValues("X-Cache").Single());
            Assert.All((string[])["X-Foo", "Keep-Alive", "Proxy-Authenticate"], name => Assert.False(response.Headers.Contains(name)));
        }
    }

    [Theory]
    [InlineData("bytes 0-1/0")]
    [InlineData("bytes 5-1/10")]
    [InlineData("garbage")]
    public async Task B32_A206_IsNeverStoredAsAWholeResponse(string range)
    {
        await using var origin = new FakeOrigin(_ =>
            FakeOrigin.Response(206, "ab", "Cache-Control: max-age=60", $"Content-Range: {range}")
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        await proxy.Client.GetAsync("/x");
        await proxy.Client.GetAsync("/x");
        Assert.Equal(2, origin.Requests.Count);
    }

    private static FakeOrigin Closing(string answer) =>
        new(
            async (_, connection) =>
            {
                await connection.SendAsync(answer);
                connection.Close();
            }
        );

    // By its own framing: all of the announced length, or the last chunk.
    private static bool IsWhole(string received)
    {
        var head = received.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var length = System.Text.RegularExpressions.Regex.Match(received, "Content-Length: ([0-9]+)");
        return length.Success
            ? received.Length - head - 4 == int.Parse(length.Groups[1].Value)
            : received.EndsWith("0\r\n\r\n", StringComparison.Ordinal);
    }
}
