using System.Net;
using System.Net.Sockets;
using System.Text;
using CachingProxy.Configuration;
using CachingProxy.TestKit;

namespace CachingProxy.Http.Tests.Upstream;

/// <summary>Content goes to the origin beside the exchange: whatever the origin says meanwhile counts (RFC 9112 §9.5, RFC 9110 §10.1.1).</summary>
public class UploadTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static string Status(string response) => response.Split(' ', 3)[1];

    [Fact]
    public async Task TheHead_ReachesTheOriginBeforeAnyContent()
    {
        var seen = new TaskCompletionSource();
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                seen.SetResult();
                await connection.ReadExactlyAsync(4);
                await connection.SendAsync(FakeOrigin.Response("ok"));
            }
        )
        {
            ReadsContent = false,
        };
        await using var proxy = await TestProxy.StartAsync(origin);
        using var client = await RawClient.ConnectAsync(proxy.Url);

        await client.SendAsync(proxy.Raw("POST", "/x", "Content-Length: 4"));
        await seen.Task.WaitAsync(Patience);
        await client.SendAsync("abcd");

        Assert.StartsWith("HTTP/1.1 200", await client.ReadUntilAsync("ok"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Content-Length: 5", "hello", "Content-Length")]
    [InlineData("Transfer-Encoding: chunked", "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "Transfer-Encoding")]
    public async Task Content_ReachesTheOriginWholeAndFramedOnce(string framing, string content, string field)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("ok"));
        await using var proxy = await TestProxy.StartAsync(origin);

        Assert.Equal("200", Status(await proxy.ExchangeAsync(proxy.Raw("POST", "/x", framing, "Connection: close") + content)));

        var request = Assert.Single(origin.Requests);
        Assert.Equal("hello", Encoding.ASCII.GetString(request.Body));
        var framed = request
            .Head.Split("\r\n")
            .Where(line =>
                line.StartsWith("Content-Length", StringComparison.OrdinalIgnoreCase)
                || line.StartsWith("Transfer", StringComparison.OrdinalIgnoreCase)
            );
        Assert.StartsWith(field, Assert.Single(framed), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AfterAWholeUpload_ClientAndOriginGoOnOnTheirConnections()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("ok"));
        await using var proxy = await TestProxy.StartAsync(origin);
        using var client = await RawClient.ConnectAsync(proxy.Url);

        for (var i = 0; i < 5; i++)
        {
            await client.SendAsync(proxy.Raw("POST", "/x", "Content-Length: 4") + "abcd");
            Assert.DoesNotContain("close", await client.ReadUntilAsync("ok"), StringComparison.OrdinalIgnoreCase);
        }

        Assert.Equal(1, origin.Connections);
    }

    [Fact]
    public async Task AnEarlyRefusalByAnOriginThatCloses_ReachesTheClientAsItIs()
    {
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                await connection.ReadExactlyAsync(1000);
                await connection.SendAsync(FakeOrigin.Response(413, "too large", "Connection: close"));
                connection.Close();
            }
        )
        {
            ReadsContent = false,
        };
        await using var proxy = await TestProxy.StartAsync(origin);
        using var client = await RawClient.ConnectAsync(proxy.Url);

        await client.SendAsync(proxy.Raw("POST", "/x", $"Content-Length: {8 << 20}"));
        var sending = SendUntilRefusedAsync(client, 8 << 20);

        var answer = await client.ReadUntilAsync("too large");
        Assert.Equal("413", Status(answer));
        Assert.Contains("Connection: close", answer, StringComparison.OrdinalIgnoreCase);
        await sending;
    }

    [Fact]
    public async Task EightEarlyRefusals_DoNotMakeTheOriginCountAsDown()
    {
        await using var origin = new FakeOrigin(
            async (request, connection) =>
            {
                if (request.Method == "POST")
                {
                    await connection.ReadExactlyAsync(1000);
                    connection.Reset();
                    return;
                }

                await connection.SendAsync(FakeOrigin.Response("up"));
            }
        )
        {
            ReadsContent = false,
        };
        await using var proxy = await TestProxy.StartAsync(origin);

        for (var i = 0; i < 8; i++)
        {
            using var refused = await proxy.Client.PostAsync("/x", new ByteArrayContent(new byte[100_000]));
            Assert.Equal(HttpStatusCode.BadGateway, refused.StatusCode);
        }

        Assert.Equal("up", await proxy.Client.GetStringAsync("/y"));
    }

    [Fact]
    public async Task AnAnswerBeforeTheContent_IsNotHeldUpByAClientThatWaits()
    {
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                await connection.ReadExactlyAsync(24);
                await connection.SendAsync(FakeOrigin.Response(401, "who are you"));
                await connection.HoldAsync();
            }
        )
        {
            ReadsContent = false,
        };
        await using var proxy = await TestProxy.StartAsync(origin);
        using var client = await RawClient.ConnectAsync(proxy.Url);

        await client.SendAsync(proxy.Raw("POST", "/x", "Content-Length: 40") + new string('a', 24));

        Assert.Equal("401", Status(await client.ReadUntilAsync("who are you")));
    }

    [Fact]
    public async Task WhatTheOriginEchoes_ArrivesWhileTheRequestRuns()
    {
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n");
                for (var i = 0; i < 3; i++)
                {
                    await connection.SendAsync(await connection.ReadExactlyAsync(4));
                }
            }
        )
        {
            ReadsContent = false,
        };
        await using var proxy = await TestProxy.StartAsync(origin);
        using var client = await RawClient.ConnectAsync(proxy.Url);

        await client.SendAsync(proxy.Raw("POST", "/echo", "Content-Length: 12"));
        foreach (var part in (string[])["abcd", "efgh", "ijkl"])
        {
            await client.SendAsync(part);
            Assert.EndsWith(part, await client.ReadUntilAsync(part), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task AConnectionOnWhichContentIsMissing_CarriesNoOtherRequest()
    {
        var count = 0;
        await using var origin = new FakeOrigin(
            async (request, connection) =>
            {
                if (request.Method == "POST")
                {
                    await connection.SendAsync(FakeOrigin.Response(403, "no"));
                    // The rest of the content would be the next request here.
                    await connection.HoldAsync();
                    return;
                }

                await connection.SendAsync(FakeOrigin.Response($"clean {++count}"));
            }
        )
        {
            ReadsContent = false,
        };
        await using var proxy = await TestProxy.StartAsync(origin);
        for (var i = 1; i <= 10; i++)
        {
            using var client = await RawClient.ConnectAsync(proxy.Url);
            await client.SendAsync(proxy.Raw("POST", "/x", "Content-Length: 1000") + "GET /evil HTTP/1.1\r\n");
            Assert.Equal("403", Status(await client.ReadUntilAsync("no")));
            Assert.Equal($"clean {i}", await proxy.Client.GetStringAsync($"/{i}"));
        }

        Assert.DoesNotContain(origin.Requests, request => request.Target == "/evil");
    }

    [Fact]
    public async Task AnExpectation_IsForTheOriginToMeet()
    {
        var mayGoOn = new TaskCompletionSource();
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                await mayGoOn.Task;
                await connection.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
                await connection.ReadExactlyAsync(4);
                await connection.SendAsync(FakeOrigin.Response("ok"));
            }
        )
        {
            ReadsContent = false,
        };
        await using var proxy = await TestProxy.StartAsync(origin);
        using var client = await RawClient.ConnectAsync(proxy.Url);

        await client.SendAsync(proxy.Raw("PUT", "/x", "Content-Length: 4", "Expect: 100-continue"));
        await Eventually.IsAsync(() => !origin.Requests.IsEmpty);
        Assert.False(client.Stream.DataAvailable);
        mayGoOn.SetResult();
        await client.ReadUntilAsync("HTTP/1.1 100 Continue\r\n\r\n");
        await client.SendAsync("abcd");

        Assert.Equal("200", Status(await client.ReadUntilAsync("ok")));
        Assert.Equal("100-continue", Assert.Single(origin.Requests)["Expect"]);
    }

    [Fact]
    public async Task AnExpectationThatTheOriginDoesNotMeet_EndsInItsAnswerWithoutAnyContent()
    {
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                await connection.SendAsync(FakeOrigin.Response(417, "no"));
                await connection.HoldAsync();
            }
        )
        {
            ReadsContent = false,
        };
        await using var proxy = await TestProxy.StartAsync(origin);

        var answer = await proxy.ExchangeAsync(proxy.Raw("PUT", "/x", "Content-Length: 4", "Expect: 100-continue"));

        Assert.Equal("417", Status(answer));
        Assert.Contains("Connection: close", answer, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task AnOriginThatDoesNotKnowTheExpectation_GetsTheContentAfterAMoment()
    {
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                await connection.ReadExactlyAsync(4);
                await connection.SendAsync(FakeOrigin.Response("ok"));
            }
        )
        {
            ReadsContent = false,
        };
        await using var proxy = await TestProxy.StartAsync(origin);
        using var client = await RawClient.ConnectAsync(proxy.Url);

        await client.SendAsync(proxy.Raw("PUT", "/x", "Content-Length: 4", "Expect: 100-continue"));
        await client.ReadUntilAsync("HTTP/1.1 100 Continue\r\n\r\n");
        await client.SendAsync("abcd");

        Assert.Equal("200", Status(await client.ReadUntilAsync("ok")));
    }

    [Fact]
    public async Task A35_AnUploadThatTheClientBreaksOff_IsBrokenOffAtTheOrigin()
    {
        var end = new TaskCompletionSource<string>();
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                try
                {
                    await connection.ReadExactlyAsync(10_000_000);
                    end.SetResult("whole");
                }
                catch (IOException)
                {
                    end.SetResult("broken off");
                    throw;
                }
            }
        )
        {
            ReadsContent = false,
        };
        await using var proxy = await TestProxy.StartAsync(origin);
        using var client = await RawClient.ConnectAsync(proxy.Url);

        await client.SendAsync(proxy.Raw("POST", "/x", "Content-Length: 10000000") + new string('a', 1_000_000));
        await Eventually.IsAsync(() => !origin.Requests.IsEmpty);
        client.Reset();

        Assert.Equal("broken off", await end.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task I02_AClientThatSendsNothingForTheClientLimit_Is408()
    {
        await using var origin = new FakeOrigin(async (_, connection) => await connection.ReadExactlyAsync(10)) { ReadsContent = false };
        await using var proxy = await TestProxy.StartAsync(origin, new ProxySettings { ClientTimeout = TimeSpan.FromSeconds(1) });
        using var client = await RawClient.ConnectAsync(proxy.Url);

        await client.SendAsync(proxy.Raw("POST", "/x", "Content-Length: 10") + "abcd");

        var answer = await client.ReadUntilAsync("request_timeout");
        Assert.Equal("408", Status(answer));
        Assert.Contains("Connection: close", answer, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task AClientThatPausesForLessThanTheClientLimit_IsServed()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("ok"));
        await using var proxy = await TestProxy.StartAsync(origin, new ProxySettings { ClientTimeout = TimeSpan.FromSeconds(15) });
        using var client = await RawClient.ConnectAsync(proxy.Url);

        await client.SendAsync(proxy.Raw("POST", "/x", "Content-Length: 2") + "a");
        // Kestrel's own limit is 5 seconds, which is to be off.
        await Task.Delay(TimeSpan.FromSeconds(7), TestContext.Current.CancellationToken);
        await client.SendAsync("b");

        Assert.Equal("200", Status(await client.ReadUntilAsync("ok")));
    }

    private static async Task SendUntilRefusedAsync(RawClient client, int count)
    {
        try
        {
            for (var sent = 0; sent < count; sent += 8192)
            {
                await client.Stream.WriteAsync(new byte[8192]);
            }
        }
        catch (Exception refused) when (refused is IOException or SocketException) { }
    }
}
