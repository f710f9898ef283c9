using System.Text;
using CachingProxy.TestKit;

namespace CachingProxy.Tests.Telemetry;

/// <summary>The standard variables of OpenTelemetry have all signals sent to a collector; without them nothing of it is loaded.</summary>
public class OtlpTests
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task ACollector_GetsAllSignals_AndTheSpanOfAFill_IsLinkedToTheTwoRequestsThatWaited()
    {
        var release = new TaskCompletionSource();
        await using var collector = new FakeOrigin(_ => FakeOrigin.Response(""));
        await using var origin = new FakeOrigin(
            async (request, connection) =>
            {
                await (request.Target == "/shared" ? release.Task : Task.CompletedTask);
                if (request.Target == "/broken")
                {
                    connection.Close();
                    return;
                }

                await connection.SendAsync(FakeOrigin.Response("body", "Cache-Control: max-age=60"));
            }
        );
        using var proxy = await ProxyProcess.StartWithVariablesAsync(
            [
                $"OTEL_EXPORTER_OTLP_ENDPOINT={collector.Url}",
                "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
                "OTEL_BSP_SCHEDULE_DELAY=100",
                "OTEL_BLRP_SCHEDULE_DELAY=100",
                "OTEL_METRIC_EXPORT_INTERVAL=200",
            ],
            "--origin",
            origin.Url.ToString()
        );

        var requests = new List<Task<HttpResponseMessage>> { proxy.Client.GetAsync("/shared", Cancellation) };
        await Eventually.IsAsync(() => !origin.Requests.IsEmpty);
        requests.Add(proxy.Client.GetAsync("/shared", Cancellation));
        requests.Add(proxy.Client.GetAsync("/shared", Cancellation));
        await Eventually.IsAsync(async () =>
            (await proxy.Client.GetStringAsync("/metrics", Cancellation)).Contains(
                "cachingproxy_requests_waiting{otel_scope_name=\"CachingProxy\"} 2",
                StringComparison.Ordinal
            )
        );
        release.SetResult();
        await Task.WhenAll(requests);
        await proxy.Client.GetAsync("/broken", Cancellation);

        await Eventually.IsAsync(() => Received("/v1/traces", 1, 2, 2).Count(span => Name(span) == "fill") >= 2);
        var spans = Received("/v1/traces", 1, 2, 2).ToList();
        var fill = spans.First(span => Name(span) == "fill" && Protobuf.Find(span, 13).Count() == 2);
        var waiting = spans.Where(span => Name(span) == "GET").Select(SpanId).ToHashSet();
        Assert.All(Protobuf.Find(fill, 13), link => Assert.Contains(Convert.ToHexString(Protobuf.Find(link, 2).Single().Span), waiting));
        // The span of the fill is below the request that began it, and the origin's would be below the fill.
        Assert.Contains(Convert.ToHexString(Protobuf.Find(fill, 4).Single().Span), waiting);
        Assert.True(origin.Requests.TryPeek(out var asked));
        Assert.Equal($"00-{Hex(fill, 1)}-{Hex(fill, 2)}-01", asked["traceparent"]);

        await Eventually.IsAsync(() => Received("/v1/metrics", 1, 2, 2).Any(metric => Text(metric, 1) == "cachingproxy.requests"));
        await Eventually.IsAsync(() =>
            Received("/v1/logs", 1, 2, 2, 5).Any(body => Text(body, 1).Contains("/broken failed", StringComparison.Ordinal))
        );

        IEnumerable<ReadOnlyMemory<byte>> Received(string path, params int[] fields) =>
            collector.Requests.Where(request => request.Target == path).SelectMany(request => Protobuf.Find(request.Body, fields));
    }

    [Fact]
    public async Task WithoutTheVariables_AndWithoutMetrics_NothingOfOpenTelemetryIsLoaded()
    {
        using var proxy = await ProxyProcess.StartAsync("--metrics", "off");
        await proxy.Client.GetAsync("/healthz", Cancellation);
        Assert.DoesNotContain("OpenTelemetry", proxy.LoadedFiles);
        using var measured = await ProxyProcess.StartAsync();
        await measured.Client.GetAsync("/metrics", Cancellation);
        Assert.DoesNotContain("OpenTelemetry.Exporter.OpenTelemetryProtocol", measured.LoadedFiles);
    }

    private static string Name(ReadOnlyMemory<byte> span) => Text(span, 5);

    private static string SpanId(ReadOnlyMemory<byte> span) => Convert.ToHexString(Protobuf.Find(span, 2).Single().Span);

    private static string Hex(ReadOnlyMemory<byte> span, int field) =>
        Convert.ToHexString(Protobuf.Find(span, field).Single().Span).ToLowerInvariant();

    private static string Text(ReadOnlyMemory<byte> message, int field) =>
        Encoding.UTF8.GetString(Protobuf.Find(message, field).FirstOrDefault().Span);
}
