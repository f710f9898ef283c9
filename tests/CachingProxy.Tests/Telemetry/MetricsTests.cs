using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using CachingProxy.Configuration;
using CachingProxy.Core.Telemetry;
using CachingProxy.TestKit;

namespace CachingProxy.Tests.Telemetry;

/// <summary><c>/metrics</c>, and the documents that name the instruments.</summary>
public class MetricsTests
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task TheTextOfAllInstruments_IsAcceptedByPromtool()
    {
        using var proxy = await BusyProxyAsync();
        var text = await proxy.Client.GetStringAsync("/metrics", Cancellation);
        var start = new ProcessStartInfo("promtool", ["check", "metrics"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var promtool = Process.Start(start)!;
        await promtool.StandardInput.WriteAsync(text);
        promtool.StandardInput.Close();
        var said = await promtool.StandardOutput.ReadToEndAsync(Cancellation) + await promtool.StandardError.ReadToEndAsync(Cancellation);
        await promtool.WaitForExitAsync(Cancellation);
        Assert.True(promtool.ExitCode == 0, said);
    }

    [Fact]
    public async Task EveryInstrument_IsThere_OnceItHasMeasured()
    {
        using var proxy = await BusyProxyAsync();
        var text = await proxy.Client.GetStringAsync("/metrics", Cancellation);
        var tierOnly = new[] { Instruments.StoreFailures, Instruments.StoreDroppedWrites, Instruments.StoreAvailable };
        Assert.All(
            Instruments.All.Except(tierOnly),
            instrument =>
                Assert.True(text.Contains($"# TYPE {instrument.PrometheusName} ", StringComparison.Ordinal), instrument.PrometheusName)
        );
        Assert.Contains(
            "cachingproxy_requests_total{otel_scope_name=\"CachingProxy\",face=\"forwarded\",outcome=\"hit\",reason=\"fresh\"} 1\n",
            text
        );
        Assert.Contains("dotnet_gc_", text);
        Assert.DoesNotContain("aspnetcore", text);
    }

    [Fact]
    public async Task TheLabelsOfAllSeries_AreThoseThatAreDocumented()
    {
        using var proxy = await BusyProxyAsync();
        var text = await proxy.Client.GetStringAsync("/metrics", Cancellation);
        foreach (var instrument in Instruments.All)
        {
            var permitted = instrument.Labels.Select(label => label.Replace('.', '_')).Append("otel_scope_name").Append("le").ToHashSet();
            foreach (
                Match series in Regex.Matches(
                    text,
                    $"^{instrument.PrometheusName}(?:_bucket|_sum|_count)?\\{{([^}}]*)\\}}",
                    RegexOptions.Multiline
                )
            )
            {
                Assert.Subset(
                    permitted,
                    Regex.Matches(series.Groups[1].Value, "([a-z_]+)=").Select(label => label.Groups[1].Value).ToHashSet()
                );
            }
        }
    }

    [Fact]
    public async Task I19_PathsHostsAndMethodsOfClients_MakeNoSeries()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("body"));
        using var proxy = await ProxyProcess.StartAsync("--origin", origin.Url.ToString());
        var before = 0;
        for (var i = 0; i < 200; i++)
        {
            using var request = new HttpRequestMessage(new HttpMethod($"M{i}"), $"/{i}");
            await proxy.Client.SendAsync(request, Cancellation);
            await proxy.Client.GetAsync($"/proxy?url=http://127.0.0.{i + 1}:1/", Cancellation);
            // The first look is a request of its own kind itself.
            before = i is 9 or 10 ? await CountAsync() : before;
        }

        Assert.Equal(before, await CountAsync());

        async Task<int> CountAsync() =>
            (await proxy.Client.GetStringAsync("/metrics", Cancellation))
                .Split('\n')
                .Count(line => line.StartsWith("cachingproxy_", StringComparison.Ordinal));
    }

    [Fact]
    public async Task MetricsThatAreOff_AreNotThere()
    {
        await using var proxy = await TestProxy.StartWithAsync(new ProxySettings { Metrics = false }, new());
        Assert.Equal(HttpStatusCode.NotFound, (await proxy.Client.GetAsync("/metrics", Cancellation)).StatusCode);
    }

    [Fact]
    public async Task Metrics_NeedTheToken_WhereOneIsSet()
    {
        await using var proxy = await TestProxy.StartWithAsync(new ProxySettings { AdminToken = "secret" }, new());
        Assert.Equal(HttpStatusCode.Unauthorized, (await proxy.Client.GetAsync("/metrics", Cancellation)).StatusCode);
        proxy.Client.DefaultRequestHeaders.Add("Authorization", "Bearer secret");
        Assert.Equal(HttpStatusCode.OK, (await proxy.Client.GetAsync("/metrics", Cancellation)).StatusCode);
    }

    [Fact]
    public void TheDocument_HasARowForEveryInstrument_AndNoOther()
    {
        var rows = Regex
            .Matches(
                File.ReadAllText(Path.Combine(Repository.Root, "docs", "metrics.md")),
                @"^\| `(?<name>[a-z_.]+)` \| `(?<text>[a-z_]+)` \| (?<unit>[^|]+) \| (?<labels>[^|]*) \|",
                RegexOptions.Multiline
            )
            .Select(row => (row.Groups["name"].Value, row.Groups["text"].Value, row.Groups["labels"].Value.Replace("`", "").Trim()));
        Assert.Equal(
            Instruments.All.Select(instrument => (instrument.Name, instrument.PrometheusName, string.Join(", ", instrument.Labels))),
            rows
        );
    }

    [Fact]
    public void TheDashboard_AsksForNothingThatIsNotMeasured()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "docs", "grafana-dashboard.json"));
        var queries = JsonDocument
            .Parse(text)
            .RootElement.GetProperty("panels")
            .EnumerateArray()
            .Where(panel => panel.TryGetProperty("targets", out _))
            .SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
            .Select(target => target.GetProperty("expr").GetString()!)
            .ToList();
        Assert.True(queries.Count > 10);
        var names = Instruments.All.SelectMany(instrument =>
            instrument.Kind == InstrumentKind.Histogram
                ? new[] { "_bucket", "_sum", "_count" }.Select(suffix => instrument.PrometheusName + suffix)
                : [instrument.PrometheusName]
        );
        var asked = queries
            .SelectMany(query => Regex.Matches(query, "\\b(?:cachingproxy|http_server|dotnet)_[a-z_]+").Select(name => name.Value))
            .ToHashSet();
        asked.RemoveWhere(name =>
            Instruments.All.SelectMany(instrument => instrument.Labels).Any(label => label.Replace('.', '_') == name)
        );
        Assert.Subset(names.ToHashSet(), asked);
    }

    // Everything that can be measured without a second tier has happened once.
    private static async Task<ProxyProcess> BusyProxyAsync()
    {
        var release = new TaskCompletionSource();
        var origin = new FakeOrigin(
            async (request, connection) =>
            {
                await (request.Target == "/shared" ? release.Task : Task.CompletedTask);
                var control = request.Target == "/none" ? "no-store" : "max-age=60";
                await connection.SendAsync(FakeOrigin.Response("body", $"Cache-Control: {control}"));
            }
        );
        var proxy = await ProxyProcess.StartAsync(
            "--origin",
            origin.Url.ToString(),
            "--access-log",
            "json",
            "--access-log-file",
            "/dev/null"
        );
        await proxy.Client.GetAsync("/x", Cancellation);
        await proxy.Client.GetAsync("/x", Cancellation);
        await proxy.Client.GetAsync("/none", Cancellation);
        var sharing = Enumerable.Range(0, 2).Select(_ => proxy.Client.GetAsync("/shared", Cancellation)).ToList();
        await Eventually.IsAsync(async () =>
            (await proxy.Client.GetStringAsync("/metrics", Cancellation)).Contains(
                "cachingproxy_requests_waiting{otel_scope_name=\"CachingProxy\"} 1",
                StringComparison.Ordinal
            )
        );
        release.SetResult();
        await Task.WhenAll(sharing);
        await proxy.Client.DeleteAsync("/cache", Cancellation);
        await origin.DisposeAsync();
        await proxy.Client.GetAsync("/y", Cancellation);
        return proxy;
    }
}
