using System.Net;
using System.Net.Sockets;
using System.Text;
using CachingProxy.Configuration;
using CachingProxy.Core.Telemetry;
using CachingProxy.Serving;
using CachingProxy.TestKit;

namespace CachingProxy.Tests.Serving;

/// <summary>Limits of clients, and of the origin, as they are configured.</summary>
public class RateLimitTests
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData("/x", "application/problem+json")]
    [InlineData("/proxy?url=x", "application/json")]
    public async Task K12_BeyondTheLimit_IsA429_ThatSaysWhenToComeAgain_AndIsNotCached(string target, string type)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("{}", "Content-Type: application/json"));
        await using var proxy = await StartAsync(origin, new() { RateLimits = [new(2, TimeSpan.FromMinutes(1))] });
        var events = new EventRecorder();
        proxy.Events.Add(events);
        using var first = await proxy.Client.GetAsync(target, Cancellation);
        Assert.Equal("\"2/60s\";q=2;w=60", first.Headers.GetValues("RateLimit-Policy").Single());
        Assert.Equal("\"2/60s\";r=1;t=60", first.Headers.GetValues("RateLimit").Single());
        await proxy.Client.GetAsync(target, Cancellation);
        _time.Advance(TimeSpan.FromSeconds(15));
        using var refused = await proxy.Client.GetAsync(target, Cancellation);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal(type, refused.Content.Headers.ContentType!.MediaType);
        Assert.Equal(TimeSpan.FromSeconds(45), refused.Headers.RetryAfter!.Delta);
        Assert.Contains("rate_limited", await refused.Content.ReadAsStringAsync(Cancellation));
        Assert.True(refused.Headers.CacheControl!.NoStore);
        await Eventually.IsAsync(() => events.Requests.Count == 3);
        Assert.Equal((RequestOutcome.Refused, "rate_limited"), (events.Requests.Last().Outcome, events.Requests.Last().Reason));
        _time.Advance(TimeSpan.FromSeconds(45));
        Assert.Equal(HttpStatusCode.OK, (await proxy.Client.GetAsync(target, Cancellation)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await proxy.Client.GetAsync("/healthz", Cancellation)).StatusCode);
    }

    [Fact]
    public async Task WhereHitsDoNotCount_OnlyWhatNeedsTheOriginDoes()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("body"));
        await using var proxy = await StartAsync(origin, new() { RateLimits = [new(1, TimeSpan.FromMinutes(1))], RateLimitHits = false });
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal("body", await proxy.Client.GetStringAsync("/x", Cancellation));
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, (await proxy.Client.GetAsync("/y", Cancellation)).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await proxy.Client.PostAsync("/x", null, Cancellation)).StatusCode);
        Assert.Equal("body", await proxy.Client.GetStringAsync("/x", Cancellation));
    }

    [Fact]
    public async Task ClientsAreToldApart_ByAFieldWhereThatIsConfigured_AndByNothingThatAStrangerClaims()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("body"));
        await using var proxy = await StartAsync(
            origin,
            new() { RateLimits = [new(1, TimeSpan.FromMinutes(1))], RateLimitField = "X-Client" }
        );
        Assert.Equal(200, await AskAsync(proxy, "X-Client: a"));
        Assert.Equal(429, await AskAsync(proxy, "X-Client: a"));
        Assert.Equal(200, await AskAsync(proxy, "X-Client: b"));
        // Without the field by address; what a stranger says of its address does not count.
        Assert.Equal(200, await AskAsync(proxy, "X-Forwarded-For: 203.0.113.1"));
        Assert.Equal(429, await AskAsync(proxy, "X-Forwarded-For: 203.0.113.2"));
    }

    [Fact]
    public async Task ATrustedProxysClients_AreToldApart_AndTheirAddressGoesOnToTheOrigin()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("body", "Cache-Control: no-store"));
        await using var proxy = await StartAsync(
            origin,
            new() { RateLimits = [new(1, TimeSpan.FromMinutes(1))], TrustedProxies = [IPNetwork.Parse("127.0.0.0/8")] }
        );
        Assert.Equal(200, await AskAsync(proxy, "X-Forwarded-For: 203.0.113.1"));
        Assert.Equal(429, await AskAsync(proxy, "X-Forwarded-For: 203.0.113.1"));
        Assert.Equal(200, await AskAsync(proxy, "X-Forwarded-For: 203.0.113.2"));
        Assert.Equal(200, await AskAsync(proxy, "X-Forwarded-For: 2001:db8::1"));
        Assert.Equal(429, await AskAsync(proxy, "X-Forwarded-For: 2001:db8::2"));
        Assert.Equal("203.0.113.1", origin.Requests.First()["X-Forwarded-For"]);
    }

    [Theory]
    [InlineData("PROXY TCP4 203.0.113.7 127.0.0.1 4711 80\r\n", "203.0.113.7")]
    [InlineData("PROXY TCP6 2001:db8::7 ::1 4711 80\r\n", "2001:db8::7")]
    [InlineData("PROXY UNKNOWN\r\n", "127.0.0.1")]
    [InlineData("v2 0x21 0x11", "203.0.113.7")]
    [InlineData("v2 0x20 0x00", "127.0.0.1")]
    [InlineData("PROXY TCP4 garbage 127.0.0.1 4711 80\r\n", null)]
    [InlineData("v2 0x41 0x11", null)]
    [InlineData("", null)]
    public async Task TheProxyProtocol_NamesTheClient_AndAConnectionWithoutIt_IsClosed(string header, string? client)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("body", "Cache-Control: no-store"));
        await using var proxy = await StartAsync(origin, new() { TrustedProxies = [IPNetwork.Parse("127.0.0.0/8")], ProxyProtocol = true });
        using var connection = new TcpClient();
        await connection.ConnectAsync(IPAddress.Loopback, proxy.Url.Port, Cancellation);
        var stream = connection.GetStream();
        byte[] request = [.. HeaderOf(header), .. Encoding.ASCII.GetBytes(proxy.Raw("GET", "/x", "Connection: close"))];
        var answer = "";
        try
        {
            // Byte by byte: the header may come in pieces.
            foreach (var part in request[..Math.Min(20, request.Length)])
            {
                await stream.WriteAsync(new[] { part }, Cancellation);
            }

            await stream.WriteAsync(request.AsMemory(Math.Min(20, request.Length)), Cancellation);
            answer = await new StreamReader(stream).ReadToEndAsync(Cancellation);
        }
        catch (IOException) when (client is null)
        {
            // Cut.
        }

        Assert.Equal(client is not null, answer.StartsWith("HTTP/1.1 200", StringComparison.Ordinal));
        Assert.Equal(client, origin.Requests.FirstOrDefault()?["X-Forwarded-For"]);
    }

    [Fact]
    public async Task MoreConnectionsThanAClientMayHave_AreClosedAtOnce()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("body"));
        await using var proxy = await StartAsync(origin, new() { MaxConnectionsPerClient = 2 });
        using var first = await AskOnAsync(proxy);
        using var second = await AskOnAsync(proxy);
        using var third = new TcpClient();
        await third.ConnectAsync(IPAddress.Loopback, proxy.Url.Port, Cancellation);
        var read = 0;
        try
        {
            await third.GetStream().WriteAsync(Encoding.ASCII.GetBytes(proxy.Raw("GET", "/x")), Cancellation);
            read = await third.GetStream().ReadAsync(new byte[1], Cancellation);
        }
        catch (IOException)
        {
            // Cut.
        }

        Assert.Equal(0, read);
        first.Dispose();
        await Eventually.IsAsync(async () =>
        {
            try
            {
                using var next = await AskOnAsync(proxy);
                return true;
            }
            catch (IOException)
            {
                return false;
            }
        });
    }

    [Fact]
    public async Task BeyondTheOriginsLimit_AStaleResponseIsServedWherePermitted_AndEverythingElseIsA503()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("body", "Cache-Control: max-age=10, stale-if-error=600"));
        await using var proxy = await StartAsync(origin, new() { OriginRateLimits = [new(1, TimeSpan.FromMinutes(5))] });
        Assert.Equal("body", await proxy.Client.GetStringAsync("/x", Cancellation));
        _time.Advance(TimeSpan.FromSeconds(20));
        using var stale = await proxy.Client.GetAsync("/x", Cancellation);
        Assert.Contains("detail=stale-if-error", stale.Headers.GetValues("Cache-Status").Single());
        using var refused = await proxy.Client.GetAsync("/y", Cancellation);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(280), refused.Headers.RetryAfter!.Delta);
        Assert.Contains("origin_limited", await refused.Content.ReadAsStringAsync(Cancellation));
        Assert.Single(origin.Requests);
    }

    private async Task<TestProxy> StartAsync(FakeOrigin origin, ProxySettings settings) =>
        await TestProxy.StartWithAsync(settings with { Origin = origin.Url }, new ServerDependencies { Time = _time });

    private static async Task<int> AskAsync(TestProxy proxy, string field)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/x");
        request.Headers.Add(field.Split(": ")[0], field.Split(": ")[1]);
        using var response = await proxy.Client.SendAsync(request, Cancellation);
        return (int)response.StatusCode;
    }

    private static async Task<TcpClient> AskOnAsync(TestProxy proxy)
    {
        var connection = new TcpClient();
        await connection.ConnectAsync(IPAddress.Loopback, proxy.Url.Port, Cancellation);
        await connection.GetStream().WriteAsync(Encoding.ASCII.GetBytes(proxy.Raw("GET", "/x")), Cancellation);
        return await connection.GetStream().ReadAsync(new byte[1], Cancellation) == 1
            ? connection
            : throw new IOException("The connection was closed.");
    }

    private static byte[] HeaderOf(string header)
    {
        if (!header.StartsWith("v2", StringComparison.Ordinal))
        {
            return Encoding.ASCII.GetBytes(header);
        }

        var (command, family) = (Convert.ToByte(header.Split(' ')[1], 16), Convert.ToByte(header.Split(' ')[2], 16));
        byte[] addresses = family == 0 ? [] : [203, 0, 113, 7, 127, 0, 0, 1, 0x12, 0x67, 0, 80];
        return [.. "\r\n\r\n\0\r\nQUIT\n"u8, command, family, 0, (byte)addresses.Length, .. addresses];
    }
}
