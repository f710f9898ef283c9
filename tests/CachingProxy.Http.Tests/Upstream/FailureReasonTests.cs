using System.Net;
using System.Net.Sockets;
using CachingProxy.Configuration;
using CachingProxy.Http.Upstream;
using CachingProxy.Serving;
using CachingProxy.TestKit;

namespace CachingProxy.Http.Tests.Upstream;

/// <summary>What a client and the log are told of a request that failed.</summary>
public class FailureReasonTests
{
    [Fact]
    public async Task WhereNobodyListens_TheConnectionWasRefused()
    {
        using var origin = new ClosedPort();
        await using var proxy = await TestProxy.StartWithAsync(new() { Origin = origin.Url }, new());
        using var response = await proxy.Client.GetAsync("/x", TestContext.Current.CancellationToken);
        Assert.Equal(
            (502, "caching-proxy; error=connection_refused"),
            ((int)response.StatusCode, response.Headers.GetValues("Proxy-Status").Single())
        );
        Assert.Contains(
            "The origin refused the connection",
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)
        );
    }

    [Fact]
    public async Task ANameWithoutAnAddress_IsADnsError()
    {
        await using var proxy = await TestProxy.StartWithAsync(
            new() { Origin = new Uri("http://origin.test") },
            new() { Resolve = (_, _) => throw new SocketException((int)SocketError.HostNotFound) }
        );
        using var response = await proxy.Client.GetAsync("/x", TestContext.Current.CancellationToken);
        Assert.Equal(
            (502, "caching-proxy; error=dns_error"),
            ((int)response.StatusCode, response.Headers.GetValues("Proxy-Status").Single())
        );
    }

    [Fact]
    public async Task AConnectionThatIsNotAccepted_IsAConnectionTimeout()
    {
        using var full = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        full.Listen(0);
        var waiting = Enumerable.Range(0, 4).Select(_ => new TcpClient()).ToList();
        waiting.ForEach(client => _ = client.ConnectAsync((IPEndPoint)full.LocalEndPoint!));
        await using var proxy = await TestProxy.StartWithAsync(
            new ProxySettings { Origin = new Uri($"http://{full.LocalEndPoint}") },
            new ServerDependencies { Origin = new HttpOriginOptions { ConnectTimeout = TimeSpan.FromMilliseconds(300) } }
        );
        using var response = await proxy.Client.GetAsync("/x", TestContext.Current.CancellationToken);
        Assert.Equal(
            (504, "caching-proxy; error=connection_timeout"),
            ((int)response.StatusCode, response.Headers.GetValues("Proxy-Status").Single())
        );
        waiting.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task AFailureAfterARedirect_NamesTheHostThatFailed()
    {
        using var gone = new ClosedPort();
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response(302, "", $"Location: {gone.Url}x"));
        await using var proxy = await TestProxy.StartAsync(origin);
        var answer = await (await proxy.Client.GetAsync("/proxy?url=a", TestContext.Current.CancellationToken)).Content.ReadAsStringAsync(
            TestContext.Current.CancellationToken
        );
        Assert.Contains(
            $"The upstream redirected to {gone.Url.ToString().TrimEnd('/')}, which failed: The origin refused the connection",
            answer
        );
    }

    [Fact]
    public async Task AnOriginThatIsLeftAlone_IsSaidToBe_WithWhatAndForHowLong_AndThatItIsBack()
    {
        var origin = new ClosedPort();
        var port = origin.Port;
        using var proxy = await ProxyProcess.StartAsync("--origin", $"http://127.0.0.1:{port}", "--breaker-max-pause", "300ms");
        string problem;
        do
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
            problem = await (
                await proxy.Client.GetAsync("/some/path?secret=1", TestContext.Current.CancellationToken)
            ).Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        } while (!problem.Contains("is not asked for the next", StringComparison.Ordinal));
        Assert.Matches(
            "The last [0-9]+ requests to the origin failed, so that it is not asked for the next 0\\.[0-9] s\\. The last one: The origin refused the connection",
            problem
        );
        Assert.Matches(
            $"^20[0-9-]+T[0-9:.]+Z warn: .* GET http://127.0.0.1:{port}/some/path failed \\(ConnectionRefused\\): The origin refused the connection: nothing listens on its port\\.",
            await proxy.ReadErrorLineAsync()
        );
        Assert.Contains(
            $"requests in a row to http://127.0.0.1:{port} failed, the last one because: The origin refused the connection",
            await proxy.ReadErrorLineAsync()
        );

        origin.Dispose();
        await using var back = new FakeOrigin((_, connection) => connection.SendAsync(FakeOrigin.Response("ok")), port: port);
        while ((await proxy.Client.GetAsync("/", TestContext.Current.CancellationToken)).StatusCode != HttpStatusCode.OK)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        string line;
        do
        {
            line = await proxy.ReadErrorLineAsync();
        } while (!line.Contains("answers again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task WithoutAPause_TheOriginIsAskedEachTime()
    {
        var connections = 0;
        await using var origin = new FakeOrigin(
            (_, connection) =>
            {
                connections++;
                connection.Reset();
                return Task.CompletedTask;
            }
        );
        await using var proxy = await TestProxy.StartAsync(origin, new ProxySettings { BreakerMaxPause = TimeSpan.Zero });
        for (var i = 0; i < 12; i++)
        {
            await proxy.Client.PostAsync("/x", null, TestContext.Current.CancellationToken);
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        Assert.Equal(12, connections);
    }

    [Fact]
    public async Task TheOriginTimeout_BoundsItsSilence()
    {
        await using var origin = new FakeOrigin((_, connection) => connection.HoldAsync());
        await using var proxy = await TestProxy.StartAsync(origin, new ProxySettings { OriginTimeout = TimeSpan.FromMilliseconds(300) });
        using var response = await proxy.Client.GetAsync("/x", TestContext.Current.CancellationToken);
        Assert.Equal(
            (504, "caching-proxy; error=http_response_timeout"),
            ((int)response.StatusCode, response.Headers.GetValues("Proxy-Status").Single())
        );
    }
}
