using System.Net;
using CachingProxy.Configuration;
using CachingProxy.Core.Telemetry;
using CachingProxy.TestKit;

namespace CachingProxy.Tests.Telemetry;

/// <summary>Each request is reported once, with what became of it and why.</summary>
public class RequestEventTests
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task AMissAndAHit_AreTold_WithTheirAgesAndBytes()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("body", "Cache-Control: max-age=60"));
        await using var proxy = await TestProxy.StartAsync(origin);
        var events = Record(proxy);

        await proxy.Client.GetAsync("/x?a=1", Cancellation);
        var miss = await events.NextRequestAsync();
        await proxy.Client.GetAsync("/x?a=1", Cancellation);
        var hit = await events.NextRequestAsync();

        Assert.Equal((RequestOutcome.Miss, "uri-miss", true, 4L, 200), (miss.Outcome, miss.Reason, miss.IsStored, miss.Bytes, miss.Status));
        Assert.Equal((RequestOutcome.Hit, "fresh", 4L, "/x?a=1"), (hit.Outcome, hit.Reason, hit.Bytes, hit.Target));
        Assert.Equal(("forwarded", origin.Url.GetLeftPart(UriPartial.Authority)), (hit.Face, hit.Key!.Value.Authority));
        Assert.InRange(hit.TimeToLive!.Value.TotalSeconds, 30, 60);
        Assert.NotNull(hit.Age);
        Assert.Null(miss.Age);
        Assert.True(miss.Duration >= miss.TimeToHead && miss.TimeToHead > TimeSpan.Zero);
    }

    [Theory]
    [InlineData("GET", "", "Cookie: a=b", RequestOutcome.Miss, "request-cookie")]
    [InlineData("GET", "Cache-Control: no-store", "", RequestOutcome.Miss, "no-store")]
    [InlineData("GET", "Set-Cookie: a=b", "", RequestOutcome.Miss, "set-cookie")]
    [InlineData("GET", "Vary: *", "", RequestOutcome.Miss, "vary-any")]
    [InlineData("POST", "", "", RequestOutcome.Bypass, "method")]
    [InlineData("GET", "", "If-Match: \"1\"", RequestOutcome.Bypass, "precondition")]
    [InlineData("GET", "", "Cache-Control: only-if-cached", RequestOutcome.Error, "uri-miss")]
    public async Task ARequestThatIsNotCached_IsToldWithTheTokenOfCacheStatus(
        string method,
        string responseField,
        string requestField,
        RequestOutcome outcome,
        string reason
    )
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("body", responseField.Length > 0 ? [responseField] : []));
        await using var proxy = await TestProxy.StartAsync(origin);
        var events = Record(proxy);
        using var request = new HttpRequestMessage(new HttpMethod(method), "/x");
        if (requestField.Split(": ") is [var name, var value])
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await proxy.Client.SendAsync(request, Cancellation);
        var told = await events.NextRequestAsync();

        Assert.Equal((outcome, reason), (told.Outcome, told.Reason));
        var status = response.Headers.GetValues("Cache-Status").Single();
        Assert.Contains(reason, status);
    }

    [Fact]
    public async Task AnOriginThatIsDown_IsAnErrorWithItsCode_InCacheStatusToo()
    {
        using var closed = new ClosedPort();
        await using var proxy = await TestProxy.StartWithAsync(new ProxySettings { Origin = closed.Url }, new());
        var events = Record(proxy);
        using var response = await proxy.Client.GetAsync("/x", Cancellation);
        var told = await events.NextRequestAsync();
        Assert.Equal((RequestOutcome.Error, "upstream_unreachable", 502), (told.Outcome, told.Reason, told.Status));
        Assert.EndsWith("; detail=upstream_unreachable", response.Headers.GetValues("Cache-Status").Single());
    }

    [Fact]
    public async Task AResponseThatBreaksOff_IsToldAsAnErrorOfTheOrigin_AndAsNotStored()
    {
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\nCache-Control: max-age=60\r\n\r\nbegun");
                connection.Close();
            }
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        var events = Record(proxy);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => proxy.Client.GetAsync("/x", Cancellation));
        var told = await events.NextRequestAsync();
        Assert.Equal((RequestOutcome.Error, "upstream_invalid_response", false), (told.Outcome, told.Reason, told.IsStored));
    }

    [Fact]
    public async Task ARefusedRequest_IsTold_WithTheCodeOfItsRefusal()
    {
        await using var proxy = await TestProxy.StartWithAsync(new ProxySettings(), new());
        var events = Record(proxy);
        await proxy.ExchangeAsync("GET /x HTTP/1.1\r\nHost: elsewhere.test\r\n\r\n");
        var told = await events.NextRequestAsync();
        Assert.Equal((RequestOutcome.Refused, "misdirected", 421), (told.Outcome, told.Reason, told.Status));
    }

    [Fact]
    public async Task AHeadThatKestrelCannotRead_IsToldAsRefused()
    {
        await using var proxy = await TestProxy.StartWithAsync(new ProxySettings(), new());
        var events = Record(proxy);
        await proxy.ExchangeAsync("GET /a b HTTP/1.1\r\nHost: x\r\n\r\n");
        var told = await events.NextRequestAsync();
        Assert.Equal((RequestOutcome.Refused, "bad_request", 400), (told.Outcome, told.Reason, told.Status));
    }

    [Fact]
    public async Task OurOwnEndpoints_AreTold_AsOurOwn()
    {
        await using var proxy = await TestProxy.StartWithAsync(new ProxySettings(), new());
        var events = Record(proxy);
        await proxy.Client.GetAsync("/healthz", Cancellation);
        Assert.Equal((RequestOutcome.Own, "own"), (await events.NextRequestAsync()) is var told ? (told.Outcome, told.Reason) : default);
        await proxy.Client.GetAsync("/proxy", Cancellation);
        told = await events.NextRequestAsync();
        Assert.Equal((RequestOutcome.Refused, "missing_url", 400), (told.Outcome, told.Reason, told.Status));
    }

    [Fact]
    public async Task RequestsThatShareAFetch_AreTold_WithTheTimeThatTheyWaited()
    {
        var release = new TaskCompletionSource();
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                await release.Task;
                await connection.SendAsync(FakeOrigin.Response("body", "Cache-Control: max-age=60"));
            }
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        var events = Record(proxy);
        var first = proxy.Client.GetAsync("/x", Cancellation);
        await Eventually.IsAsync(() => !origin.Requests.IsEmpty);
        var second = proxy.Client.GetAsync("/x", Cancellation);
        await Eventually.IsAsync(() => proxy.Engine.WaitingRequests == 1);
        release.SetResult();
        await Task.WhenAll(first, second);

        var told = new[] { await events.NextRequestAsync(), await events.NextRequestAsync() };
        var shared = Assert.Single(told, request => request.Outcome == RequestOutcome.Shared);
        Assert.True(shared.Waited > TimeSpan.Zero);
        Assert.Equal(TimeSpan.Zero, Assert.Single(told, request => request.Outcome == RequestOutcome.Miss).Waited);
        var fill = await events.NextFillAsync();
        Assert.Equal((FillKind.Fetch, FillResult.Stored, 4L), (fill.Kind, fill.Result, fill.Bytes));
        Assert.Equal(0, proxy.Engine.WaitingRequests);
    }

    [Fact]
    public async Task AClientThatLeavesBeforeTheResponse_IsToldWith499()
    {
        await using var origin = new FakeOrigin((_, _) => Task.Delay(Timeout.Infinite));
        await using var proxy = await TestProxy.StartAsync(origin);
        var events = Record(proxy);
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var answer = proxy.Client.GetAsync("/x", leaving.Token);
        await Eventually.IsAsync(() => !origin.Requests.IsEmpty);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        var told = await events.NextRequestAsync();
        Assert.Equal((499, "client_gone", true), (told.Status, told.Reason, told.IsClientGone));
    }

    [Fact]
    public async Task AResponseThatBreaksOffBeforeItBegan_IsAnError()
    {
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
                connection.Close();
            }
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        var events = Record(proxy);
        using var response = await proxy.Client.GetAsync("/x", Cancellation);
        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        var told = await events.NextRequestAsync();
        Assert.Equal((RequestOutcome.Error, "upstream_invalid_response", 502), (told.Outcome, told.Reason, told.Status));
        Assert.Equal(FillResult.Failed, (await events.NextFillAsync()).Result);
    }

    [Fact]
    public async Task ConfirmedAndStaleResponses_HaveOutcomesOfTheirOwn()
    {
        var isDown = false;
        await using var origin = new FakeOrigin(request =>
            (isDown, request["If-None-Match"]) switch
            {
                (true, _) => FakeOrigin.Response(503, "down"),
                (_, not null) => "HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n",
                _ => FakeOrigin.Response("body", "Cache-Control: max-age=0, stale-if-error=60", "ETag: \"1\""),
            }
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        var events = Record(proxy);
        await proxy.Client.GetAsync("/x", Cancellation);
        await events.NextRequestAsync();
        await proxy.Client.GetAsync("/x", Cancellation);
        Assert.Equal(RequestOutcome.Revalidated, (await events.NextRequestAsync()).Outcome);
        isDown = true;
        await proxy.Client.GetAsync("/x", Cancellation);
        var stale = await events.NextRequestAsync();
        Assert.Equal((RequestOutcome.Stale, "stale-if-error"), (stale.Outcome, stale.Reason));
    }

    [Fact]
    public async Task APurge_IsTold_WithItsKind()
    {
        await using var proxy = await TestProxy.StartWithAsync(new ProxySettings(), new());
        var events = Record(proxy);
        await proxy.Client.DeleteAsync("/cache?tag=a&soft=true", Cancellation);
        await proxy.Client.DeleteAsync("/cache", Cancellation);
        Assert.Equal(
            [("tag", true, true), ("all", false, true)],
            events.Purges.Select(purge => (purge.Kind, purge.IsSoft, purge.IsPropagated))
        );
    }

    [Fact]
    public async Task ATraceOfTheClient_GoesOnToTheOrigin_AndARequestWithoutOneBeginsOne()
    {
        const string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("{}", "Cache-Control: no-store"));
        await using var proxy = await TestProxy.StartAsync(origin);
        var events = Record(proxy);
        foreach (var path in (string[])["/x", "/proxy?url=x"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Add("traceparent", $"00-{trace}-00f067aa0ba902b7-01");
            request.Headers.Add("tracestate", "vendor=1");
            await proxy.Client.SendAsync(request, Cancellation);
            Assert.True(origin.Requests.TryDequeue(out var received));
            Assert.StartsWith($"00-{trace}-", received["traceparent"]);
            Assert.Equal((trace, true), (await events.NextRequestAsync()) is var told ? (told.TraceId, told.IsTraced) : default);

            using var broken = new HttpRequestMessage(HttpMethod.Get, path + "2");
            broken.Headers.TryAddWithoutValidation("traceparent", "not one");
            broken.Headers.Add("tracestate", "vendor=1");
            await proxy.Client.SendAsync(broken, Cancellation);
            Assert.True(origin.Requests.TryDequeue(out received));
            var made = received["traceparent"]!;
            Assert.Matches("^00-[0-9a-f]{32}-[0-9a-f]{16}-00$", made);
            Assert.Null(received["tracestate"]);
            Assert.Equal((made[3..35], false), (await events.NextRequestAsync()) is var other ? (other.TraceId, other.IsTraced) : default);
        }
    }

    private static EventRecorder Record(TestProxy proxy)
    {
        var recorder = new EventRecorder();
        proxy.Events.Add(recorder);
        return recorder;
    }
}
