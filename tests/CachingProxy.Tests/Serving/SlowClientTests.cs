using System.Diagnostics;
using CachingProxy.Configuration;
using CachingProxy.TestKit;

namespace CachingProxy.Tests.Serving;

/// <summary>Clients that take and send little, by nature or with intent.</summary>
public class SlowClientTests
{
    private static readonly string? Missing = (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(':')
        .Any(folder => File.Exists(Path.Combine(folder, "slowhttptest")))
        ? null
        : "slowhttptest is not installed";

    [Fact]
    public async Task I03_AClientThatTakesNothingForTheClientLimit_IsCut()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells what a client has taken.");
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response(new string('x', 20_000_000), "Cache-Control: no-store"));
        await using var proxy = await TestProxy.StartAsync(origin, new ProxySettings { ClientTimeout = TimeSpan.FromSeconds(2) });
        using var client = await RawClient.ConnectAsync(proxy.Url);

        await client.SendAsync(proxy.Raw("GET", "/large"));
        await Eventually.IsAsync(() => !origin.Requests.IsEmpty);
        await Task.Delay(TimeSpan.FromSeconds(6), TestContext.Current.CancellationToken);

        Assert.InRange((await client.ReadToEndAsync()).Length, 0, 19_000_000);
    }

    [Fact]
    public async Task I03_ASteadySlowReader_IsServed()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response(new string('x', 8_000_000), "Cache-Control: no-store"));
        await using var proxy = await TestProxy.StartAsync(origin, new ProxySettings { ClientTimeout = TimeSpan.FromSeconds(5) });
        using var client = await RawClient.ConnectAsync(proxy.Url);
        await client.SendAsync(proxy.Raw("GET", "/large", "Connection: close"));

        // Half a minute at 60 KB/s, which Kestrel's own limits would not let it have; then the rest.
        var buffer = new byte[15_000];
        var received = 0L;
        for (var i = 0; i < 100; i++)
        {
            received += await client.Stream.ReadAsync(buffer, TestContext.Current.CancellationToken);
            await Task.Delay(250, TestContext.Current.CancellationToken);
        }

        received += (await client.ReadToEndAsync()).Length;
        Assert.InRange(received, 8_000_000, 8_001_000);
    }

    [Fact]
    public async Task I02_WhenFetchesRunShort_TheSlowestClientIsCutFirst()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells what a client has sent.");
        await using var origin = new FakeOrigin(
            async (request, connection) =>
            {
                if (request.Method == "POST")
                {
                    await connection.ReadExactlyAsync(1_000_000);
                }

                await connection.SendAsync(FakeOrigin.Response("ok"));
            }
        )
        {
            ReadsContent = false,
        };
        await using var proxy = await TestProxy.StartAsync(origin, new ProxySettings { MaxFetches = 4 });
        var clients = new List<RawClient>();
        using var stop = new CancellationTokenSource();
        var sending = new List<Task>();
        for (var i = 0; i < 4; i++)
        {
            var client = await RawClient.ConnectAsync(proxy.Url);
            clients.Add(client);
            await client.SendAsync(proxy.Raw("POST", "/slow", "Content-Length: 1000000"));
            sending.Add(SendSlowlyAsync(client, stop.Token));
        }

        await Eventually.IsAsync(() => origin.Requests.Count == 4);
        var watch = Stopwatch.StartNew();
        // More than wait for their turn for ten seconds are refused; the slowest make room about then.
        while ((await proxy.Client.GetAsync("/next")).StatusCode != System.Net.HttpStatusCode.OK)
        {
            Assert.InRange(watch.Elapsed.TotalSeconds, 0, 30);
        }

        await stop.CancelAsync();
        await Task.WhenAll(sending);
        clients.ForEach(client => client.Dispose());
    }

    [Theory]
    [InlineData("I01", "-H", "-t", "GET", "-x", "24", "-p", "3")]
    [InlineData("I02", "-B", "-t", "POST", "-s", "8192", "-x", "10", "-p", "3")]
    [InlineData("I03", "-X", "-w", "1", "-y", "10", "-n", "5", "-z", "1", "-k", "1")]
    public async Task I01_I02_I03_AnAttackBySlowness_LeavesTheServiceAvailable(string row, params string[] kind)
    {
        Assert.SkipWhen(Missing is not null, $"{row}: {Missing}");
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response(new string('x', 5_000_000), "Cache-Control: max-age=600"));
        using var proxy = await ProxyProcess.StartAsync("--origin", origin.Url.ToString());
        using var attack = Process.Start(
            new ProcessStartInfo(
                "slowhttptest",
                ["-c", "1000", "-r", "300", "-i", "5", "-l", "12", .. kind, "-u", new Uri(proxy.Client.BaseAddress!, "/large").ToString()]
            )
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        var said = attack.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        _ = attack.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);

        var asked = 0;
        using var patience = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero })
        {
            BaseAddress = proxy.Client.BaseAddress,
            Timeout = TimeSpan.FromSeconds(5),
        };
        while (!attack.HasExited)
        {
            Assert.Equal("ok", await HealthAsync(patience));
            asked++;
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        Assert.Contains("service available:", await said, StringComparison.Ordinal);
        Assert.True(asked > 20, $"It was asked {asked} times.");
    }

    private static async Task<string> HealthAsync(HttpClient client)
    {
        using var response = await client.GetAsync("/healthz", TestContext.Current.CancellationToken);
        return response.IsSuccessStatusCode ? "ok" : $"{response.StatusCode}";
    }

    private static async Task SendSlowlyAsync(RawClient client, CancellationToken stop)
    {
        try
        {
            while (!stop.IsCancellationRequested)
            {
                await client.SendAsync("x");
                await Task.Delay(1000, stop);
            }
        }
        catch (Exception end) when (end is IOException or OperationCanceledException) { }
    }
}
