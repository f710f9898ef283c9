using System.Net;
using System.Net.WebSockets;
using System.Text;
using CachingProxy.Configuration;
using CachingProxy.Http.Upstream;
using CachingProxy.Serving;
using CachingProxy.TestKit;

namespace CachingProxy.AspNetCore.Tests;

public class ReverseProxyTests
{
    [Fact]
    public async Task ASecondRequest_IsAHit_WithItsAge()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("body", "Cache-Control: max-age=60", "Age: 7"));
        await using var proxy = await TestProxy.StartAsync(origin);
        var miss = await proxy.Client.GetAsync("/products?limit=5");
        Assert.Equal("MISS", miss.Headers.GetValues("X-Cache").Single());
        Assert.Contains("fwd=uri-miss; fwd-status=200; stored", miss.Headers.GetValues("Cache-Status").Single());
        var hit = await proxy.Client.GetAsync("/products?limit=5");
        Assert.Equal(("HIT", "body"), (hit.Headers.GetValues("X-Cache").Single(), await hit.Content.ReadAsStringAsync()));
        Assert.InRange(hit.Headers.Age!.Value.TotalSeconds, 7, 9);
        Assert.Contains("hit", hit.Headers.GetValues("Cache-Status").Single());
        Assert.StartsWith("1.1 caching-proxy", hit.Headers.Via.Single().ToString());
        Assert.Equal("/products?limit=5", Assert.Single(origin.Requests).Target);
    }

    [Fact]
    public async Task TheOriginIsTold_WhoAsked_AndByItsOwnName()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("ok"));
        await using var proxy = await TestProxy.StartAsync(origin);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/x");
        request.Headers.Add("X-Forwarded-For", "6.6.6.6");
        await proxy.Client.SendAsync(request);
        var received = Assert.Single(origin.Requests);
        Assert.Equal(
            (origin.Url.Authority, "127.0.0.1", "localhost", "http"),
            (received["Host"], received["X-Forwarded-For"], received["X-Forwarded-Host"], received["X-Forwarded-Proto"])
        );
    }

    [Theory]
    [InlineData("X-Forwarded-Host: evil.test")]
    [InlineData("Forwarded: host=evil")]
    [InlineData("X-Original-URL: /admin")]
    [InlineData("X-Rewrite-URL: /admin")]
    [InlineData("X-Host: evil.test")]
    [InlineData("X-Forwarded-Server: evil.test")]
    [InlineData("X-Forwarded-Scheme: https")]
    [InlineData("X-Forwarded-Proto: https")]
    [InlineData("X-Forwarded-Port: 1")]
    [InlineData("X-Forwarded-Prefix: /evil")]
    [InlineData("X-HTTP-Method-Override: DELETE")]
    [InlineData("X-HTTP-Method: DELETE")]
    [InlineData("X-Method-Override: DELETE")]
    [InlineData("Proxy: http://evil.test")]
    [InlineData("Keep-Alive: 5")]
    [InlineData("Proxy-Connection: keep-alive")]
    [InlineData("TE: trailers")]
    [InlineData("Proxy-Authorization: Basic eA==")]
    [InlineData("HTTP2-Settings: AAMAAABkAAQAAP__")]
    [InlineData("X-Content-Length: 5")]
    [InlineData("Upgrade: foo")]
    public async Task C05_C09_C10_C11_FieldsThatCouldChangeWhatOthersGet_DoNotReachTheOrigin(string field)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("ok"));
        await using var proxy = await TestProxy.StartAsync(origin);
        await proxy.ExchangeAsync(proxy.Raw("GET", "/x", field, "Connection: close"));
        var value = field.Split(": ")[1];
        Assert.DoesNotContain($": {value}\r\n", Assert.Single(origin.Requests).Head);
    }

    [Fact]
    public async Task C03_C04_ConnectionOptions_AreRemoved_ButProtectedFieldsAreNot()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("ok"));
        await using var proxy = await TestProxy.StartAsync(origin);
        using var client = await RawClient.ConnectAsync(proxy.Url);

        // Kestrel makes "close" of a list that holds it, and "keep-alive" likewise: docs/decisions/0003.
        await client.SendAsync(
            proxy.Raw(
                "GET",
                "/x",
                "Connection: X-Foo, Authorization, Cookie, X-Forwarded-For",
                "X-Foo: 1",
                "Authorization: Bearer a",
                "Cookie: c=d"
            )
        );
        await client.ReadUntilAsync("ok");
        var received = Assert.Single(origin.Requests);
        Assert.DoesNotContain("X-Foo", received.Head);
        Assert.Equal(
            (null, "Bearer a", "c=d", "127.0.0.1"),
            (received["X-Foo"], received["Authorization"], received["Cookie"], received["X-Forwarded-For"])
        );
    }

    [Theory]
    [InlineData("//evil.test/x")]
    [InlineData("/@evil.test/x")]
    [InlineData("/a/../b")]
    [InlineData("/../../x")]
    [InlineData("/a/%2e%2e/b")]
    [InlineData("/a/..%2fb")]
    [InlineData("/user/..;x=y/admin")]
    [InlineData("/%6d?%41=%2f")]
    [InlineData("/A%41")]
    [InlineData("/a?")]
    [InlineData("/a?&")]
    [InlineData("/a//b")]
    [InlineData("/a%0d%0aX:%20y?b=%0d%0a")]
    [InlineData("/caf%C3%A9")]
    [InlineData("/%ef%bc%8e")]
    [InlineData("/x?a[]=1&b={2}|3^`")]
    public async Task D12_E01_E18_TheTargetReachesTheOriginByteForByte(string target)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("ok"));
        await using var proxy = await TestProxy.StartAsync(origin);
        await proxy.ExchangeAsync(proxy.Raw("GET", target, "Connection: close"));
        Assert.Equal(target, Assert.Single(origin.Requests).Target);
    }

    [Fact]
    public async Task E07_E10_E11_E12_TargetsThatDiffer_AreDifferentEntries()
    {
        await using var origin = new FakeOrigin(request => FakeOrigin.Response(request.Target));
        await using var proxy = await TestProxy.StartAsync(origin);
        foreach (var target in (string[])["/m", "/%6d", "/%6D", "/m?", "/m?a=1&b=2", "/m?b=2&a=1", "//m", "/m/", "/m?a;b"])
        {
            var answer = await proxy.ExchangeAsync(proxy.Raw("GET", target, "Connection: close"));
            Assert.Contains("X-Cache: MISS", answer);
            Assert.EndsWith(target, answer);
        }
    }

    [Theory]
    [InlineData("/../secret")]
    [InlineData("/%2e%2e/secret")]
    [InlineData("/..%2fsecret")]
    public async Task E01_ATargetThatLeavesTheBasePath_IsRefused(string target)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("no"));
        await using var proxy = await TestProxy.StartWithAsync(new() { Origin = new Uri(origin.Url, "/api/v1/") }, new());
        Assert.StartsWith("HTTP/1.1 400", await proxy.ExchangeAsync(proxy.Raw("GET", target, "Connection: close")));
        Assert.Empty(origin.Requests);
        Assert.Equal(HttpStatusCode.OK, (await proxy.Client.GetAsync("/x")).StatusCode);
        Assert.Equal("/api/v1/x", Assert.Single(origin.Requests).Target);
    }

    [Theory]
    [InlineData("/x/..%2fcache")]
    [InlineData("/%63ache")]
    [InlineData("/CACHE")]
    [InlineData("/cache;a")]
    [InlineData("//cache")]
    [InlineData("/x/../cache")]
    [InlineData("/cache%20")]
    [InlineData("/cachex")]
    public async Task E05_OtherSpellingsOfOurPaths_AreTheOrigins(string target)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("ok"));
        await using var proxy = await TestProxy.StartAsync(origin);
        await proxy.ExchangeAsync(proxy.Raw("DELETE", target, "Connection: close"));
        Assert.Equal(target, Assert.Single(origin.Requests).Target);
    }

    [Fact]
    public async Task F02_TheSamePathUnderTwoHosts_AreTwoEntries()
    {
        await using var origin = new FakeOrigin(request => FakeOrigin.Response(request["X-Forwarded-Host"]!));
        await using var proxy = await TestProxy.StartAsync(origin, new() { AllowedHosts = ["*"] });
        foreach (var host in (string[])["a.test", "b.test", "a.test:8080"])
        {
            Assert.EndsWith("\r\n\r\n" + host, await proxy.ExchangeAsync($"GET /x HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
        }

        Assert.Equal(3, origin.Requests.Count);
    }

    [Fact]
    public async Task TheLoopbackNames_WithAnyPort_AreOneHost_InTheKeyAndForTheOrigin()
    {
        await using var origin = new FakeOrigin(request => FakeOrigin.Response(request["X-Forwarded-Host"]!, "Cache-Control: max-age=60"));
        await using var proxy = await TestProxy.StartAsync(origin);
        foreach (var host in (string[])["localhost:3000", "127.0.0.1", "[::1]:8080", "LOCALHOST"])
        {
            Assert.EndsWith(
                "\r\n\r\nlocalhost",
                await proxy.ExchangeAsync($"GET /x HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
            );
        }

        Assert.Single(origin.Requests);
    }

    [Fact]
    public async Task ARequestThatChangesSomething_TellsTheOriginTheHostAsTheClientNamedIt()
    {
        await using var origin = new FakeOrigin(request => FakeOrigin.Response(request["X-Forwarded-Host"]!));
        await using var proxy = await TestProxy.StartAsync(origin);
        Assert.EndsWith(
            "\r\n\r\nlocalhost:3000",
            await proxy.ExchangeAsync("POST /x HTTP/1.1\r\nHost: localhost:3000\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        );
    }

    [Fact]
    public async Task AProblem_LeadsToItsReason()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("no"));
        await using var proxy = await TestProxy.StartAsync(origin);
        Assert.Contains("\"type\":\"/docs/reasons#misdirected\"", await proxy.ExchangeAsync("GET /x HTTP/1.1\r\nHost: other.test\r\n\r\n"));
        Assert.Contains("<h3 id=\"misdirected\">", await proxy.Client.GetStringAsync("/docs/reasons"));
    }

    [Fact]
    public async Task E14_AGetWithContent_BypassesTheCache()
    {
        await using var origin = new FakeOrigin(request => FakeOrigin.Response("x" + request.BodyText, "Cache-Control: max-age=60"));
        await using var proxy = await TestProxy.StartAsync(origin);
        await proxy.Client.GetAsync("/a");
        Assert.EndsWith("xevil", await proxy.ExchangeAsync(proxy.Raw("GET", "/a", "Connection: close", "Content-Length: 4") + "evil"));
        Assert.Equal("x", await proxy.Client.GetStringAsync("/a"));
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    public async Task M01_AnOriginThatIsNotThere_IsA502_ThatSaysSo(string method)
    {
        using var origin = new ClosedPort();
        await using var proxy = await TestProxy.StartWithAsync(new() { Origin = origin.Url }, new());
        var response = await proxy.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), "/x"));
        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Contains("\"code\":\"upstream_unreachable\"", await response.Content.ReadAsStringAsync());
        Assert.Contains("fwd=", response.Headers.GetValues("Cache-Status").Single());
    }

    [Fact]
    public async Task AnOriginWithAnIPv6Address_IsServed_OnBothFaces()
    {
        Assert.SkipUnless(System.Net.Sockets.Socket.OSSupportsIPv6, "There is no IPv6 here.");
        await using var origin = new FakeOrigin(
            (request, connection) => connection.SendAsync(FakeOrigin.Response($"{request["Host"]}", "Cache-Control: max-age=60")),
            IPAddress.IPv6Loopback
        );
        Assert.Contains("[::1]", origin.Url.ToString(), StringComparison.Ordinal);
        await using var proxy = await TestProxy.StartAsync(
            origin,
            SettingsReader.Read(name => name == "origin" ? [origin.Url.ToString()] : [], new Dictionary<string, string>(), null).Settings
        );

        Assert.Equal(origin.Url.Authority, await proxy.Client.GetStringAsync("/x", TestContext.Current.CancellationToken));
        Assert.Equal(
            "HIT",
            (await proxy.Client.GetAsync("/x", TestContext.Current.CancellationToken)).Headers.GetValues("X-Cache").Single()
        );
        Assert.Contains(
            "\"source\":\"upstream\"",
            await proxy.Client.GetStringAsync("/proxy?url=y", TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "\"source\":\"cache\"",
            await proxy.Client.GetStringAsync($"/proxy?url={origin.Url}y", TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task M01_AnOriginThatIsNotThereAnyMore_IsStoodInForByWhatMayBeStale()
    {
        var time = new FakeTimeProvider();
        var origin = new FakeOrigin(_ =>
            FakeOrigin.Response("body", $"Date: {time.GetUtcNow():R}", "Cache-Control: max-age=10, stale-if-error=60", "Connection: close")
        );
        await using var proxy = await TestProxy.StartWithAsync(
            new ProxySettings { Origin = origin.Url },
            new ServerDependencies { Time = time }
        );
        await proxy.ExchangeAsync(proxy.Raw("GET", "/x", "Connection: close"));
        await origin.DisposeAsync();
        time.Advance(TimeSpan.FromSeconds(11));
        var stale = await proxy.ExchangeAsync(proxy.Raw("GET", "/x", "Connection: close"));
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", stale);
        Assert.Contains("Cache-Status: caching-proxy; fwd=stale; ttl=-1; detail=stale-if-error\r\n", stale);
        time.Advance(TimeSpan.FromSeconds(60));
        Assert.StartsWith("HTTP/1.1 502", await proxy.ExchangeAsync(proxy.Raw("GET", "/x", "Connection: close")));
    }

    [Fact]
    public async Task M03_AnOriginThatNeverAnswers_IsA504()
    {
        await using var origin = new FakeOrigin((_, connection) => connection.HoldAsync());
        await using var proxy = await TestProxy.StartWithAsync(
            new() { Origin = origin.Url },
            new() { Origin = new HttpOriginOptions { HeadTimeout = TimeSpan.FromMilliseconds(200) } }
        );
        var response = await proxy.Client.GetAsync("/x");
        Assert.Equal(HttpStatusCode.GatewayTimeout, response.StatusCode);
        Assert.Contains("upstream_timeout", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task M05_AnOriginThatStallsInTheBody_BreaksTheResponse()
    {
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                await connection.SendAsync("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 10\r\n\r\nabc");
                await connection.HoldAsync();
            }
        );
        await using var proxy = await TestProxy.StartWithAsync(
            new() { Origin = origin.Url },
            new() { Origin = new HttpOriginOptions { IdleTimeout = TimeSpan.FromMilliseconds(200) } }
        );
        var received = await proxy.ExchangeAsync(proxy.Raw("GET", "/x", "Connection: close"));
        Assert.True(
            received.EndsWith("abc<RST>", StringComparison.Ordinal)
                || received.EndsWith("abc", StringComparison.Ordinal)
                || received.StartsWith("HTTP/1.1 504"),
            received
        );
    }

    [Fact]
    public async Task C12_ARequestThatComesBackToUs_IsA508()
    {
        // The port is known only once it listens, so the loop goes by way of an origin that forwards to the proxy.
        Uri? back = null;
        await using var origin = new FakeOrigin(
            async (request, connection) =>
                await connection.SendAsync(
                    await RawClient.ExchangeAsync(
                        back!,
                        request
                            .Head.Replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")
                            .Replace($"Host: {request["Host"]}", $"Host: {back!.Authority}")
                    )
                )
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        back = proxy.Url;
        var response = await proxy.Client.GetAsync("/x");
        Assert.Equal(508, (int)response.StatusCode);
        Assert.Single(origin.Requests);
    }

    [Fact]
    public async Task AnotherInstanceInFront_IsNoLoop()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("ok"));
        await using var inner = await TestProxy.StartAsync(origin);
        await using var outer = await TestProxy.StartWithAsync(new() { Origin = inner.Url }, new());
        Assert.Equal("ok", await outer.Client.GetStringAsync("/x"));
    }

    [Fact]
    public async Task AnUpload_IsStreamedToTheOrigin()
    {
        await using var origin = new FakeOrigin(request => FakeOrigin.Response(request.Body.Length.ToString()));
        await using var proxy = await TestProxy.StartAsync(origin);
        var response = await proxy.Client.PutAsync("/x", new ByteArrayContent(new byte[20_000_000]));
        Assert.Equal("20000000", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task AnUnsafeRequest_InvalidatesWhatIsStored()
    {
        var version = 1;
        await using var origin = new FakeOrigin(request =>
            request.Method == "GET" ? FakeOrigin.Response($"v{version}") : FakeOrigin.Response($"{++version}")
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        Assert.Equal("v1", await proxy.Client.GetStringAsync("/x"));
        await proxy.Client.PatchAsync("/x", new StringContent("change"));
        Assert.Equal("v2", await proxy.Client.GetStringAsync("/x"));
    }

    [Fact]
    public async Task Events_ArriveOneByOne_TheirHeadBeforeTheFirst()
    {
        var next = new SemaphoreSlim(0);
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
                for (var number = 1; number <= 3; number++)
                {
                    await next.WaitAsync(connection.Stopped);
                    await connection.SendAsync($"9\r\ndata: {number}\n\n\r\n");
                }

                await connection.HoldAsync();
            }
        );
        await using var proxy = await TestProxy.StartWithAsync(
            new() { Origin = origin.Url },
            new() { Origin = new HttpOriginOptions { IdleTimeout = TimeSpan.FromMilliseconds(100) } }
        );
        using var client = await RawClient.ConnectAsync(proxy.Url);
        await client.SendAsync(proxy.Raw("GET", "/events"));
        await client.ReadUntilAsync("text/event-stream");
        for (var number = 1; number <= 3; number++)
        {
            next.Release();
            await client.ReadUntilAsync($"data: {number}");
        }
    }

    [Fact]
    public async Task A38_AWebSocket_IsATunnel()
    {
        await using var origin = new FakeOrigin(
            async (request, connection) =>
            {
                var accept = Convert.ToBase64String(
                    System.Security.Cryptography.SHA1.HashData(
                        Encoding.ASCII.GetBytes(request["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
                    )
                );
                await connection.SendAsync(
                    $"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
                );
                using var server = WebSocket.CreateFromStream(connection.Stream, isServer: true, null, TimeSpan.FromSeconds(30));
                var buffer = new byte[100];
                var message = await server.ReceiveAsync(buffer.AsMemory(), connection.Stopped);
                await server.SendAsync(buffer.AsMemory(0, message.Count), WebSocketMessageType.Text, true, connection.Stopped);
                await server.CloseAsync(WebSocketCloseStatus.NormalClosure, null, connection.Stopped);
                connection.Close();
            }
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        using var client = new ClientWebSocket();
        client.Options.Proxy = null;
        await client.ConnectAsync(new UriBuilder(proxy.Url) { Scheme = "ws", Path = "/socket" }.Uri, default);
        await client.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, default);
        var received = new byte[100];
        var echo = await client.ReceiveAsync(received.AsMemory(), default);
        Assert.Equal("hello", Encoding.UTF8.GetString(received, 0, echo.Count));
    }

    [Fact]
    public async Task A38_AWrongAccept_IsA502_AndNoTunnel()
    {
        await using var origin = new FakeOrigin(_ =>
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: wrong\r\n\r\n"
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        using var client = await RawClient.ConnectAsync(proxy.Url);
        await client.SendAsync(
            proxy.Raw(
                "GET",
                "/s",
                "Connection: Upgrade",
                "Upgrade: websocket",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                "Sec-WebSocket-Version: 13"
            )
        );
        Assert.StartsWith("HTTP/1.1 502", await client.ReadUntilAsync("\r\n\r\n"));
    }

    [Fact]
    public async Task A38_AnUpgradeThatTheOriginRefuses_IsAnOrdinaryResponse()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response(403, "no sockets"));
        await using var proxy = await TestProxy.StartAsync(origin);
        using var client = await RawClient.ConnectAsync(proxy.Url);
        await client.SendAsync(
            proxy.Raw(
                "GET",
                "/s",
                "Connection: Upgrade",
                "Upgrade: websocket",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                "Sec-WebSocket-Version: 13"
            )
        );
        Assert.StartsWith("HTTP/1.1 403", await client.ReadUntilAsync("no sockets"));
        await client.SendAsync(proxy.Raw("GET", "/healthz"));
        await client.ReadUntilAsync("\"ok\"");
    }

    [Fact]
    public async Task OriginFields_AreSentWithEveryRequest_InThePlaceOfTheClients()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("ok"));
        await using var proxy = await TestProxy.StartAsync(origin, new() { OriginFields = [new("X-Api-Key", "secret")] });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/x");
        request.Headers.Add("X-Api-Key", "guess");
        await proxy.Client.SendAsync(request);
        await proxy.Client.GetAsync("/proxy?url=y");
        Assert.Equal(["secret", "secret"], origin.Requests.Select(received => received["X-Api-Key"]));
    }

    [Fact]
    public async Task StrippedCookies_PassInNeitherDirection()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("ok", "Set-Cookie: a=b"));
        await using var proxy = await TestProxy.StartAsync(origin, new() { StripCookies = true });
        var answer = await proxy.ExchangeAsync(proxy.Raw("GET", "/x", "Cookie: c=d", "Connection: close"));
        Assert.DoesNotContain("Set-Cookie", answer);
        Assert.Null(Assert.Single(origin.Requests)["Cookie"]);
        Assert.Contains("X-Cache: HIT", await proxy.ExchangeAsync(proxy.Raw("GET", "/x", "Connection: close")));
    }

    [Fact]
    public async Task J28_OneClientsCookie_IsNeverSentForAnother()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("ok", "Set-Cookie: sid=alice", "Cache-Control: no-store"));
        await using var proxy = await TestProxy.StartAsync(origin);
        await proxy.Client.GetAsync("/x");
        await proxy.Client.GetAsync("/x");
        Assert.All(origin.Requests, request => Assert.Null(request["Cookie"]));
    }

    [Fact]
    public async Task F04_Purge_IsNeverForwarded_AndPurgesThePath()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x", "Cache-Control: max-age=60"));
        await using var proxy = await TestProxy.StartAsync(origin);
        await proxy.Client.GetAsync("/x");
        var answer = await proxy.ExchangeAsync(proxy.Raw("PURGE", "/x", "Connection: close"));
        Assert.StartsWith("HTTP/1.1 200", answer);
        Assert.Contains($"Purged {origin.Url.AbsoluteUri}x", answer);
        Assert.Single(origin.Requests);
        Assert.Equal("MISS", (await proxy.Client.GetAsync("/x")).Headers.GetValues("X-Cache").Single());
    }

    [Theory]
    [InlineData("X-Forwarded-For: 192.0.2.1")]
    [InlineData("Via: 1.1 other")]
    [InlineData("Origin: http://evil.test")]
    public async Task F04_Purge_IsForWhoMayOperateAlone(string field)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x", "Cache-Control: max-age=60"));
        await using var proxy = await TestProxy.StartAsync(origin);
        await proxy.Client.GetAsync("/x");
        Assert.StartsWith("HTTP/1.1 401", await proxy.ExchangeAsync(proxy.Raw("PURGE", "/x", field, "Connection: close")));
        Assert.Equal("HIT", (await proxy.Client.GetAsync("/x")).Headers.GetValues("X-Cache").Single());
    }

    [Fact]
    public async Task WithoutAnOrigin_OtherPathsAreA404_ThatSaysWhatThereIs()
    {
        await using var proxy = await TestProxy.StartWithAsync(new(), new());
        var response = await proxy.Client.GetAsync("/x");
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Contains("\"code\":\"not_found\"", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task K01_ManyClientsThatLeaveAtRandom_NeverSeeEachOthersBytes()
    {
        await using var origin = new FakeOrigin(request =>
            FakeOrigin.Response(
                string.Concat(Enumerable.Repeat(request.Target, 1 + (request.Target.GetHashCode(StringComparison.Ordinal) & 0x3ff))),
                "Cache-Control: max-age=1"
            )
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        var random = new Random(7);
        var plans = Enumerable.Range(0, 400).Select(_ => (Target: $"/nonce-{random.Next(60):d4}-", Leaves: random.Next(4) == 0)).ToList();
        await Parallel.ForEachAsync(
            plans,
            new ParallelOptions { MaxDegreeOfParallelism = 32 },
            async (plan, _) =>
            {
                using var client = await RawClient.ConnectAsync(proxy.Url);
                await client.SendAsync(proxy.Raw("GET", plan.Target, "Connection: close"));
                if (plan.Leaves)
                {
                    client.Reset();
                    return;
                }

                var received = await client.ReadToEndAsync();
                var body = received[(received.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
                Assert.True(body.Length > 0 && body.Replace(plan.Target, "").Length == 0, $"{plan.Target}: {received}");
            }
        );
    }
}
