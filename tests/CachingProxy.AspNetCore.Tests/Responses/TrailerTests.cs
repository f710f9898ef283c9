using CachingProxy.TestKit;

namespace CachingProxy.AspNetCore.Tests.Responses;

/// <summary>RFC 9110 §6.5: fields after the content.</summary>
public class TrailerTests
{
    private const string Chunks = "4\r\nbody\r\n0\r\nX-Checksum: abc\r\nSet-Cookie: a=b\r\nCache-Control: no-store\r\n\r\n";

    [Theory]
    [InlineData("Cache-Control: max-age=60")]
    [InlineData("Cache-Control: no-store")]
    public async Task TheyReachAClientThatTakesThem_ButForThoseThatComeTooLate(string field)
    {
        await using var origin = new FakeOrigin(_ => $"HTTP/1.1 200 OK\r\n{field}\r\nTransfer-Encoding: chunked\r\n\r\n{Chunks}");
        await using var proxy = await TestProxy.StartAsync(origin);
        var answer = await proxy.ExchangeAsync(proxy.Raw("GET", "/x", "TE: trailers", "Connection: TE, close"));
        Assert.EndsWith("4\r\nbody\r\n0\r\nX-Checksum: abc\r\n\r\n", answer);
        Assert.DoesNotContain("Set-Cookie", answer);
    }

    [Fact]
    public async Task TheyAreLeftOutForOthers_AndOnAHit()
    {
        await using var origin = new FakeOrigin(_ =>
            $"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n{Chunks}"
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        Assert.EndsWith("0\r\n\r\n", await proxy.ExchangeAsync(proxy.Raw("GET", "/x", "Connection: close")));
        var hit = await proxy.ExchangeAsync(proxy.Raw("GET", "/x", "TE: trailers", "Connection: TE, close"));
        Assert.Contains("X-Cache: HIT", hit);
        Assert.DoesNotContain("X-Checksum", hit);
    }
}
