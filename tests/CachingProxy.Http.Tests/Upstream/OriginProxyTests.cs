using System.Net;
using System.Text;
using CachingProxy.Configuration;
using CachingProxy.TestKit;

namespace CachingProxy.Http.Tests.Upstream;

/// <summary>Origins that are reached through another proxy.</summary>
public class OriginProxyTests
{
    [Fact]
    public async Task APlainOrigin_IsAskedForThroughTheProxy_WithItsCredentials_AndCached()
    {
        await using var between = new FakeOrigin(request =>
            request["Proxy-Authorization"] is null
                ? FakeOrigin.Response(407, "", "Proxy-Authenticate: Basic realm=x")
                : FakeOrigin.Response("through", "Cache-Control: max-age=60")
        );
        await using var proxy = await TestProxy.StartWithAsync(
            new()
            {
                Origin = new Uri("http://origin.test"),
                OriginProxy = OriginAccess.ParseProxy($"http://user:p%40ss@{between.Url.Authority}"),
            },
            new() { Resolve = (_, _) => throw new System.Net.Sockets.SocketException(11001) }
        );
        foreach (var cache in (string[])["MISS", "HIT"])
        {
            using var response = await proxy.Client.GetAsync("/x", TestContext.Current.CancellationToken);
            Assert.Equal("through", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            Assert.Equal(cache, response.Headers.GetValues("X-Cache").Single());
        }

        var sent = between.Requests.Last();
        Assert.Equal("http://origin.test/x", sent.Target);
        Assert.Equal($"Basic {Convert.ToBase64String(Encoding.ASCII.GetBytes("user:p@ss"))}", sent["Proxy-Authorization"]);
    }

    [Fact]
    public async Task ContentGoesThroughAProxyThatWantsCredentials_Whole()
    {
        await using var between = new FakeOrigin(request =>
            request["Proxy-Authorization"] is null
                ? FakeOrigin.Response(407, "", "Proxy-Authenticate: Basic realm=x", "Connection: close")
                : FakeOrigin.Response($"got {request.BodyText}")
        );
        await using var proxy = await TestProxy.StartWithAsync(
            new()
            {
                Origin = new Uri("http://origin.test"),
                OriginProxy = OriginAccess.ParseProxy($"http://user:pass@{between.Url.Authority}"),
            },
            new()
        );
        using var response = await proxy.Client.PostAsync("/x", new StringContent("all of it"), TestContext.Current.CancellationToken);
        Assert.Equal("got all of it", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task AProxyThatWantsOtherCredentials_IsSaidToDoSo_AndNothingIsSentTwice()
    {
        await using var between = new FakeOrigin(_ => FakeOrigin.Response(407, "", "Proxy-Authenticate: Basic realm=x"));
        await using var proxy = await TestProxy.StartWithAsync(
            new()
            {
                Origin = new Uri("http://origin.test"),
                OriginProxy = OriginAccess.ParseProxy($"http://user:wrong@{between.Url.Authority}"),
            },
            new()
        );
        using var response = await proxy.Client.PostAsync("/x", new StringContent("content"), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Contains(
            "wants other credentials than those of --origin-proxy",
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)
        );
        Assert.Single(between.Requests);
    }

    [Fact]
    public async Task TheProxyItself_IsNoTarget_AlsoWhereItIsReachedWithoutAProxy()
    {
        await using var between = new FakeOrigin(_ => FakeOrigin.Response("through"));
        var notForItself = new WebProxy(between.Url) { BypassList = ["127\\.0\\.0\\.1"] };
        await using var proxy = await TestProxy.StartWithAsync(
            new()
            {
                Origin = new Uri("http://93.184.216.34"),
                OriginProxy = notForItself,
                AllowedHosts = ["proxy.test"],
            },
            new()
        );
        Assert.Equal(HttpStatusCode.OK, (await AskAsAStrangerAsync(proxy, "http://93.184.216.34/x")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await AskAsAStrangerAsync(proxy, between.Url.ToString())).StatusCode);
        Assert.Single(between.Requests);
    }

    [Fact]
    public async Task AnOriginOverTls_IsReachedByATunnel_AndARefusalOfTheProxyIsSaidToBeOne()
    {
        await using var between = new FakeOrigin(_ => FakeOrigin.Response(403, "no"));
        await using var proxy = await TestProxy.StartWithAsync(
            new() { Origin = new Uri("https://origin.test"), OriginProxy = OriginAccess.ParseProxy(between.Url.ToString()) },
            new() { Resolve = (_, _) => throw new System.Net.Sockets.SocketException(11001) }
        );
        using var response = await proxy.Client.GetAsync("/x", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Contains(
            "The proxy on the way to the origin did not connect to it",
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)
        );
        Assert.Equal("CONNECT origin.test:443", between.Requests.First().Head[..23]);
    }

    [Fact]
    public async Task AProxyThatIsNotThere_IsTheReason_AndIsNamedInTheLogAlone()
    {
        using var between = new ClosedPort();
        await using var proxy = await TestProxy.StartWithAsync(
            new() { Origin = new Uri("http://origin.test"), OriginProxy = OriginAccess.ParseProxy(between.Url.ToString()) },
            new()
        );
        using var response = await proxy.Client.GetAsync("/x", TestContext.Current.CancellationToken);
        var problem = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("The proxy on the way to the origin could not be reached.", problem);
        Assert.DoesNotContain(between.Url.Authority, problem);
    }

    [Theory]
    [InlineData("http://10.0.0.1/")]
    [InlineData("http://inside.test/")]
    [InlineData("http://metadata.internal/")]
    [InlineData("http://unknown.test/")]
    public async Task WhatIsForbiddenWithoutAProxy_IsForbiddenThroughOne(string target)
    {
        await using var between = new FakeOrigin(_ => FakeOrigin.Response("through"));
        await using var proxy = await TestProxy.StartWithAsync(
            new()
            {
                Origin = new Uri("http://origin.test"),
                OriginProxy = OriginAccess.ParseProxy(between.Url.ToString()),
                AllowedHosts = ["proxy.test"],
            },
            new()
            {
                Resolve = (name, _) =>
                    name == "unknown.test"
                        ? throw new System.Net.Sockets.SocketException(11001)
                        : Task.FromResult<IPAddress[]>(
                            name == "inside.test" ? [IPAddress.Parse("10.0.0.1")] : [IPAddress.Parse("93.184.216.34")]
                        ),
            }
        );
        using var response = await AskAsAStrangerAsync(proxy, target);
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Empty(between.Requests);
    }

    [Theory]
    [InlineData("ftp://a.test")]
    [InlineData("a.test:3128")]
    [InlineData("http://a.test/path")]
    [InlineData("")]
    public void WhatIsNoProxy_IsRefused(string text) => Assert.Null(OriginAccess.ParseProxy(text));

    [Fact]
    public void AProxyWithoutAPort_HasTheUsualOne() =>
        Assert.Equal(
            [1080, 80],
            ((string[])["socks5://a.test", "http://a.test"]).Select(text =>
                OriginAccess.ParseProxy(text)!.GetProxy(new Uri("http://b.test"))!.Port
            )
        );

    private static Task<HttpResponseMessage> AskAsAStrangerAsync(TestProxy proxy, string target)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"/proxy?url={target}");
        request.Headers.Host = "proxy.test";
        request.Headers.Add("X-Forwarded-For", "203.0.113.7");
        return proxy.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
