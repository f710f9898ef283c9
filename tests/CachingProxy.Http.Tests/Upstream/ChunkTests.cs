using System.Net;
using System.Text;
using CachingProxy.Http.Upstream;
using CachingProxy.TestKit;

namespace CachingProxy.Http.Tests.Upstream;

/// <summary>Chunks of an origin whose lines end as they must, and others.</summary>
public class ChunkTests
{
    [Theory]
    [InlineData("3\r\nabc\r\n0\r\n\r\n", false)]
    [InlineData("3;x=1\r\na\nc\r\n1\r\n\n\r\n0\r\nX: 1\r\n\r\n", false)]
    [InlineData("00a\r\n0123456789\r\nB\r\n0123456789\n\r\n0\r\n\r\n", false)]
    [InlineData("3\nabc\r\n0\r\n\r\n", true)]
    [InlineData("3\r\nabc\n0\r\n\r\n", true)]
    [InlineData("3\r\nabc\r\n0\n\r\n", true)]
    [InlineData("3\r\nabc\r\n0\r\n\n", true)]
    [InlineData("3\r\nabc\r\n0\r\nX: 1\n\r\n", true)]
    public void ALineFeedAlone_IsFoundBetweenChunksAndNotWithinThem_HoweverTheBytesArrive(string content, bool isFound)
    {
        var bytes = Encoding.ASCII.GetBytes(content);
        for (var size = 1; size <= bytes.Length; size++)
        {
            var scan = new ChunkScan();
            foreach (var piece in bytes.Chunk(size))
            {
                scan.Read(piece);
            }

            Assert.Equal((isFound, true), (scan.HasBareLineFeed, scan.IsDone));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n")]
    public async Task B10_ChunksThatEndInLineFeedsAlone_AreNeverStored(string before)
    {
        await using var origin = new FakeOrigin(_ =>
            before + "HTTP/1.1 200 OK\r\nCache-Control: max-age=600\r\ntransfer-encoding: chunked\r\n\r\n3\nabc\n0\n\n"
        );
        await using var proxy = await TestProxy.StartAsync(origin);

        for (var i = 1; i <= 2; i++)
        {
            Assert.StartsWith(
                "HTTP/1.1 502",
                await proxy.ExchangeAsync(proxy.Raw("GET", "/x", "Connection: close")),
                StringComparison.Ordinal
            );
            Assert.True(origin.Requests.Count >= i);
        }
    }

    [Fact]
    public async Task ChunksAsTheyMustBe_AreStored()
    {
        await using var origin = new FakeOrigin(_ =>
            "HTTP/1.1 200 OK\r\nCache-Control: max-age=600\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        );
        await using var proxy = await TestProxy.StartAsync(origin);

        Assert.Equal("abc", await proxy.Client.GetStringAsync("/x", TestContext.Current.CancellationToken));
        Assert.Equal("abc", await proxy.Client.GetStringAsync("/x", TestContext.Current.CancellationToken));
        Assert.Single(origin.Requests);
    }

    [Fact]
    public async Task AHeadWithTheFieldAndNoContent_LeavesTheConnectionAsItIs()
    {
        await using var origin = new FakeOrigin(request =>
            request.Method == "HEAD"
                ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nCache-Control: no-store\r\n\r\n"
                : FakeOrigin.Response("a\nb\n", "Cache-Control: no-store")
        );
        await using var proxy = await TestProxy.StartAsync(origin);

        for (var i = 0; i < 3; i++)
        {
            using var head = await proxy.Client.SendAsync(
                new HttpRequestMessage(HttpMethod.Head, "/x"),
                TestContext.Current.CancellationToken
            );
            Assert.Equal(HttpStatusCode.OK, head.StatusCode);
            Assert.Equal("a\nb\n", await proxy.Client.GetStringAsync("/x", TestContext.Current.CancellationToken));
        }
    }
}
