using System.Net;
using CachingProxy.TestKit;

namespace CachingProxy.Http.Tests.Upstream;

/// <summary>A request whose connection broke before there was an answer, and what becomes of an origin that does so again and again.</summary>
public class RetryTests
{
    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    [InlineData("DELETE")]
    [InlineData("OPTIONS")]
    public async Task AnIdempotentRequest_IsSentOnceMore_OnANewConnection(string method)
    {
        var received = 0;
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                if (++received == 1)
                {
                    connection.Close();
                    return;
                }

                await connection.SendAsync(FakeOrigin.Response(method == "HEAD" ? "" : "second"));
            }
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        var response = await proxy.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), "/x"));
        Assert.Equal((HttpStatusCode.OK, 2, 2), (response.StatusCode, received, origin.Connections));
    }

    [Fact]
    public async Task M06_AnIdempotentRequest_IsNotSentAThirdTime()
    {
        await using var origin = new FakeOrigin(
            (_, connection) =>
            {
                connection.Close();
                return Task.CompletedTask;
            }
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        var response = await proxy.Client.GetAsync("/x");
        Assert.Equal((HttpStatusCode.BadGateway, 2), (response.StatusCode, origin.Requests.Count));
        Assert.Equal("caching-proxy; error=connection_terminated", response.Headers.GetValues("Proxy-Status").Single());
    }

    [Theory]
    [InlineData("POST", false)]
    [InlineData("POST", true)]
    [InlineData("PATCH", true)]
    [InlineData("PUT", true)]
    public async Task WhatMayHaveBeenDoneAlready_IsSentOnce_AlsoOnAConnectionThatWasUsedBefore(string method, bool hasContent)
    {
        await using var origin = new FakeOrigin(
            async (request, connection) =>
            {
                if (request.Method == method)
                {
                    connection.Close();
                    return;
                }

                await connection.SendAsync(FakeOrigin.Response("x"));
            }
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        await proxy.Client.GetStringAsync("/before");
        var response = await proxy.Client.SendAsync(
            new HttpRequestMessage(new HttpMethod(method), "/x") { Content = hasContent ? new StringContent("content") : null }
        );
        Assert.Equal((HttpStatusCode.BadGateway, 1), (response.StatusCode, origin.Requests.Count(request => request.Method == method)));
    }

    [Fact]
    public async Task AnOriginThatIsDown_IsAnsweredForAtOnce_WithATimeToComeBack()
    {
        await using var origin = new FakeOrigin(
            (_, connection) =>
            {
                connection.Close();
                return Task.CompletedTask;
            }
        );
        var time = new FakeTimeProvider();
        await using var proxy = await TestProxy.StartWithAsync(new() { Origin = origin.Url }, new() { Time = time });
        for (var i = 0; i < 5; i++)
        {
            time.Advance(TimeSpan.FromSeconds(0.3));
            await proxy.Client.GetAsync($"/{i}");
        }

        var response = await proxy.Client.GetAsync("/x");
        Assert.Equal((HttpStatusCode.BadGateway, 10), (response.StatusCode, origin.Requests.Count));
        Assert.Equal("1", response.Headers.GetValues("Retry-After").Single());
        Assert.Equal("caching-proxy; error=destination_unavailable", response.Headers.GetValues("Proxy-Status").Single());

        var envelope = await proxy.Client.GetAsync("/proxy?url=/x");
        Assert.Equal((HttpStatusCode.BadGateway, "1"), (envelope.StatusCode, envelope.Headers.GetValues("Retry-After").Single()));
    }

    [Fact]
    public async Task ARefreshThatHangs_DelaysNothing_NotEvenOnTheConnectionThatSetItOff()
    {
        var hangs = false;
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                if (hangs)
                {
                    await connection.HoldAsync();
                    return;
                }

                await connection.SendAsync(FakeOrigin.Response("body", "Cache-Control: max-age=0, stale-while-revalidate=60"));
            }
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        await proxy.Client.GetStringAsync("/x");
        hangs = true;
        using var client = await RawClient.ConnectAsync(proxy.Url);
        for (var i = 0; i < 3; i++)
        {
            await client.SendAsync(proxy.Raw("GET", "/x"));
            Assert.Contains("hit", await client.ReadUntilAsync("body"));
        }

        while (origin.Requests.Count < 2)
        {
            await Task.Yield();
        }

        Assert.Equal(1, proxy.Engine.RunningFills);
    }
}
