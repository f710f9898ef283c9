using System.Net;
using System.Net.Sockets;
using CachingProxy.Configuration;
using CachingProxy.Http.Upstream;
using CachingProxy.Serving;
using CachingProxy.TestKit;

namespace CachingProxy.Http.Tests.Upstream;

/// <summary>Origins that fail in all the ways that an origin can, and what a client sees of it.</summary>
public class OriginFaultTests
{
    private static readonly ServerDependencies Impatient = new()
    {
        Origin = new HttpOriginOptions
        {
            ConnectTimeout = TimeSpan.FromMilliseconds(500),
            HeadTimeout = TimeSpan.FromSeconds(1),
            IdleTimeout = TimeSpan.FromSeconds(1),
        },
    };

    [Fact]
    public async Task M01_WhereNobodyListens_ItIsA502()
    {
        using var origin = new ClosedPort();
        await using var proxy = await TestProxy.StartWithAsync(new() { Origin = origin.Url }, new());

        using var answer = await proxy.Client.GetAsync("/x", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
    }

    [Fact]
    public async Task M02_WhereConnectionsAreNotAccepted_ItIsAnErrorInTheConnectTimeout_AndHitsAreServed()
    {
        using var full = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        full.Listen(0);
        var waiting = Enumerable.Range(0, 4).Select(_ => new TcpClient()).ToList();
        waiting.ForEach(client => _ = client.ConnectAsync((IPEndPoint)full.LocalEndPoint!));
        await using var proxy = await TestProxy.StartWithAsync(
            new ProxySettings { Origin = new Uri($"http://{full.LocalEndPoint}") },
            Impatient
        );

        using var answer = await proxy
            .Client.GetAsync("/x", TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(15), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
        waiting.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task M03_AnOriginThatNeverAnswers_IsA504()
    {
        await using var origin = new FakeOrigin((_, connection) => connection.HoldAsync());
        await using var proxy = await TestProxy.StartWithAsync(new ProxySettings { Origin = origin.Url }, Impatient);

        using var answer = await proxy.Client.GetAsync("/x", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
    }

    [Fact]
    public async Task M04_AnOriginWhoseHeadDrips_IsA504_HoweverOftenSomethingComes()
    {
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                foreach (var letter in FakeOrigin.Response("ok"))
                {
                    await connection.SendAsync($"{letter}");
                    await Task.Delay(100, connection.Stopped);
                }
            }
        );
        await using var proxy = await TestProxy.StartWithAsync(new ProxySettings { Origin = origin.Url }, Impatient);

        using var answer = await proxy.Client.GetAsync("/x", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
    }

    [Fact]
    public async Task M21_AResolverThatBlocks_KeepsNobodyElseWaiting()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("ok", "Cache-Control: max-age=600"));
        var slow = Impatient with
        {
            Resolve = async (name, _) =>
            {
                await Task.Yield();
                Thread.Sleep(name.StartsWith("slow", StringComparison.Ordinal) ? 300 : 0);
                return [IPAddress.Loopback];
            },
        };
        await using var proxy = await TestProxy.StartWithAsync(new ProxySettings { Origin = origin.Url }, slow);
        await proxy.Client.GetStringAsync("/hit", TestContext.Current.CancellationToken);

        var cold = Enumerable
            .Range(0, 100)
            .Select(number =>
                proxy.Client.GetAsync($"/proxy?url=http://slow{number}.test:{origin.Url.Port}/", TestContext.Current.CancellationToken)
            )
            .ToList();
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(
                "ok",
                await proxy
                    .Client.GetStringAsync("/hit", TestContext.Current.CancellationToken)
                    .WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken)
            );
        }

        foreach (var answer in await Task.WhenAll(cold))
        {
            answer.Dispose();
        }
    }

    [Fact]
    public async Task I16_KeysThatExpireTogether_AskTheOriginNoMoreOftenAtOnceThanItsSlots()
    {
        var (atOnce, most) = (0, 0);
        await using var origin = new FakeOrigin(
            async (request, connection) =>
            {
                InterlockedMax(ref most, Interlocked.Increment(ref atOnce));
                await Task.Delay(5);
                Interlocked.Decrement(ref atOnce);
                await connection.SendAsync(FakeOrigin.Response(request.Target, "Cache-Control: max-age=1"));
            }
        );
        await using var proxy = await TestProxy.StartAsync(origin, new ProxySettings { MaxFetches = 8 });
        for (var round = 0; round < 2; round++)
        {
            var answers = await Task.WhenAll(
                Enumerable.Range(0, 300).Select(number => proxy.Client.GetStringAsync($"/{number}", TestContext.Current.CancellationToken))
            );
            Assert.Equal(Enumerable.Range(0, 300).Select(number => $"/{number}"), answers);
            await Task.Delay(2100, TestContext.Current.CancellationToken);
        }

        Assert.Equal(600, origin.Requests.Count);
        Assert.InRange(most, 2, 8);
    }

    [Fact]
    public async Task I08_ContentThatIsNearlyNothingButChunkExtensions_IsCutOff()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("ok"));
        await using var proxy = await TestProxy.StartAsync(origin);
        using var client = await RawClient.ConnectAsync(proxy.Url);
        await client.SendAsync(proxy.Raw("POST", "/x", "Transfer-Encoding: chunked"));
        var chunk = $"1;{new string('a', 64 * 1024)}\r\nZ\r\n";

        var sent = 0L;
        var cut = await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            while (sent < 1 << 30)
            {
                await client.SendAsync(chunk);
                sent += chunk.Length;
            }
        });
        Assert.InRange(sent, 1, 64 << 20);
        Assert.NotNull(cut);
    }

    [Fact]
    public async Task ContentInChunksOfOneByte_ReachesTheOriginWhole()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("ok"));
        await using var proxy = await TestProxy.StartAsync(origin);

        var content = string.Concat(Enumerable.Repeat("1\r\nZ\r\n", 200_000));
        var answer = await proxy.ExchangeAsync(
            proxy.Raw("POST", "/x", "Transfer-Encoding: chunked", "Connection: close") + content + "0\r\n\r\n"
        );

        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        Assert.Equal(200_000, Assert.Single(origin.Requests).Body.Length);
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); seen < value; seen = Volatile.Read(ref most))
        {
            Interlocked.CompareExchange(ref most, value, seen);
        }
    }
}
