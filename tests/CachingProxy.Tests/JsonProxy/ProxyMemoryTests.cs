using System.Buffers;
using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using CachingProxy.Configuration;
using CachingProxy.Core.Messages;
using CachingProxy.JsonProxy;
using CachingProxy.TestKit;

namespace CachingProxy.Tests.JsonProxy;

/// <summary>I11, I18: what <c>/proxy</c> holds is bounded, whatever content inflates to and however much of it has to be escaped.</summary>
public class ProxyMemoryTests
{
    // 61 MB of a character that JSON writes with six: as text it would be 366 MB.
    private static readonly byte[] Bomb = Gzip(Enumerable.Repeat((byte)1, 61 << 20).ToArray());

    [Fact]
    public async Task I11_FourBombsAtOnce_MakeTheProcessGrowByNoMoreThanTheBudgetAndAHalf()
    {
        await using var origin = BombOrigin();
        using var proxy = await ProxyProcess.StartAsync("--origin", origin.Url.ToString(), "--max-proxy-memory", "64MB");
        await proxy.Client.GetAsync("/proxy?url=small");
        var before = proxy.ResidentBytes;
        var peak = before;
        for (var round = 0; round < 3; round++)
        {
            var answers = Enumerable.Range(0, 4).Select(number => proxy.Client.GetAsync($"/proxy?url=bomb{round}{number}")).ToList();
            while (!answers.TrueForAll(answer => answer.IsCompleted))
            {
                peak = Math.Max(peak, proxy.ResidentBytes);
                await Task.Yield();
            }

            Assert.All(
                await Task.WhenAll(answers),
                answer => Assert.True(answer.StatusCode is HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable)
            );
        }

        Assert.InRange((peak - before) / (1 << 20), 0, 96);
        Assert.Equal(HttpStatusCode.OK, (await proxy.Client.GetAsync("/proxy?url=small2")).StatusCode);
    }

    [Fact]
    public async Task I11_OneThatIsTooLargeByItself_IsA502_ThatNamesTheSetting()
    {
        await using var origin = BombOrigin();
        await using var proxy = await TestProxy.StartAsync(origin, new ProxySettings { MaxProxyMemoryBytes = 8 << 20 });
        var answer = await proxy.Client.GetAsync("/proxy?url=bomb");
        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Contains("--max-proxy-memory", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public void WhereOthersHoldAll_ItIsOverloaded_AndGoesOnWhenTheyHaveGivenItBack()
    {
        var memory = new ProxyMemory(4 * ProxyMemory.SegmentBytes);
        var one = new ProxyMemoryUse(memory);
        one.NewBuffer().Write(new byte[3 * ProxyMemory.SegmentBytes]);
        using var other = new ProxyMemoryUse(memory);
        var refused = Assert.Throws<OriginException>(() => other.NewBuffer().Write(new byte[2 * ProxyMemory.SegmentBytes]));
        Assert.Equal(OriginError.Overloaded, refused.Error);
        Assert.NotNull(refused.RetryAfter);
        one.Dispose();
        one.Dispose();
        other.NewBuffer().Write(new byte[2 * ProxyMemory.SegmentBytes]);
        Assert.Equal(3 * ProxyMemory.SegmentBytes, memory.TakenBytes);
    }

    [Fact]
    public async Task ALiteralThatGrowsBeyondTheObjectSize_IsAnswered_AndNotKept()
    {
        var asked = 0;
        await using var origin = new FakeOrigin(_ =>
        {
            asked++;
            return FakeOrigin.Response(new string('\u0001', 1000), "Content-Type: text/plain");
        });
        await using var proxy = await TestProxy.StartAsync(origin, new ProxySettings { MaxObjectBytes = 2000 });
        for (var i = 0; i < 2; i++)
        {
            using var document = JsonDocument.Parse(await proxy.Client.GetStringAsync("/proxy?url=x"));
            Assert.Equal(new string('\u0001', 1000), document.RootElement.GetProperty("data").GetString());
        }

        Assert.Equal(2, asked);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/octet-stream")]
    [InlineData("text/plain; charset=iso-8859-1")]
    [InlineData("text/plain; charset=utf-16")]
    public void ContentOfAnyLength_AcrossAllSegments_IsWhatItWas(string contentType)
    {
        var random = new Random(1);
        foreach (var length in (int[])[0, 1, 2, 3, 9215, 9216, 9217, 65535, 65536, 65537, 200_000])
        {
            var text = string.Concat(
                Enumerable
                    .Range(0, length)
                    .Select(_ => contentType.Contains("8859") ? (char)random.Next(1, 256) : "a\u00e9\u20ac\"\\\n\u0001"[random.Next(7)])
            );
            var body =
                contentType.Contains("8859") ? Encoding.Latin1.GetBytes(text)
                : contentType.Contains("16") ? Encoding.Unicode.GetBytes(text)
                : Encoding.UTF8.GetBytes(text);
            using var use = new ProxyMemoryUse(new ProxyMemory(128 << 20));
            var buffer = use.NewBuffer();
            // In pieces of odd sizes, so that characters lie across them.
            foreach (var piece in body.Chunk(4095))
            {
                buffer.Write(piece);
            }

            var literal = DataLiteral.Of(contentType, buffer.ToSequence(), use);
            using var document = JsonDocument.Parse(literal.Json);
            Assert.Equal(contentType.Contains("octet") ? Convert.ToBase64String(body) : text, document.RootElement.GetString());
        }
    }

    [Fact]
    public async Task K01_SegmentsThatAreUsedAgain_NeverBringOneResponsesBytesIntoAnother()
    {
        await using var origin = new FakeOrigin(request =>
        {
            var number = int.Parse(request.Target.Split('/', '?')[1], System.Globalization.CultureInfo.InvariantCulture);
            return FakeOrigin.Response(
                string.Concat(Enumerable.Repeat($"[{number}]", 1 + (number * 7919 % 30_000))),
                number % 2 == 0 ? "Content-Type: text/plain" : "Content-Type: text/plain; charset=iso-8859-1"
            );
        });
        await using var proxy = await TestProxy.StartAsync(origin, new ProxySettings { MaxMemoryBytes = 0 });
        await Parallel.ForAsync(
            0,
            600,
            new ParallelOptions { MaxDegreeOfParallelism = 32 },
            async (number, cancellation) =>
            {
                using var client = new CancellationTokenSource();
                if (number % 5 == 0)
                {
                    client.CancelAfter(number % 7);
                }

                try
                {
                    using var document = JsonDocument.Parse(await proxy.Client.GetStringAsync($"/proxy?url={number}", client.Token));
                    Assert.Equal(
                        string.Concat(Enumerable.Repeat($"[{number}]", 1 + (number * 7919 % 30_000))),
                        document.RootElement.GetProperty("data").GetString()
                    );
                }
                catch (OperationCanceledException) { }
            }
        );
    }

    private static FakeOrigin BombOrigin() =>
        new(
            async (request, connection) =>
            {
                if (request.Target.StartsWith("/small"))
                {
                    await connection.SendAsync(FakeOrigin.Response("1", "Content-Type: application/json"));
                    return;
                }

                await connection.SendAsync(
                    $"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Encoding: gzip\r\nContent-Length: {Bomb.Length}\r\n\r\n"
                );
                await connection.SendAsync(Bomb);
            }
        );

    private static byte[] Gzip(byte[] content)
    {
        var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            gzip.Write(content);
        }

        // Below the ratio that is refused: what an attacker would add as well.
        return [.. compressed.ToArray(), .. new byte[Math.Max(0, ((61 << 20) / 190) - compressed.Length)]];
    }
}
