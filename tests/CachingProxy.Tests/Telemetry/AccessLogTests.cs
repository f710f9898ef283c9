using System.Diagnostics;
using System.Text.Json;
using CachingProxy.Configuration;
using CachingProxy.Telemetry;
using CachingProxy.TestKit;

namespace CachingProxy.Tests.Telemetry;

/// <summary>The access log of a running proxy.</summary>
public class AccessLogTests
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task WithAFile_EachRequestIsALine_AndNobodyElseMayReadIt()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("access.log");
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("body"));
        await using (
            var proxy = await TestProxy.StartAsync(origin, new ProxySettings { AccessLog = AccessLogFormat.Json, AccessLogFile = file })
        )
        {
            await proxy.Client.GetAsync("/x", Cancellation);
            await proxy.Client.GetAsync("/x", Cancellation);
        }

        var lines = await File.ReadAllLinesAsync(file, Cancellation);
        Assert.Equal(["miss", "hit"], lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("outcome").GetString()));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(file));
    }

    [Fact]
    public async Task AFileThatIsCutToNothing_GoesOnAtItsBeginning()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("access.log");
        await using var proxy = await TestProxy.StartWithAsync(
            new ProxySettings { AccessLog = AccessLogFormat.Json, AccessLogFile = file },
            new()
        );
        await proxy.Client.GetAsync("/healthz?1", Cancellation);
        await Eventually.IsAsync(() => new FileInfo(file) is { Exists: true, Length: > 0 });
        await File.WriteAllTextAsync(file, "", Cancellation);
        await proxy.Client.GetAsync("/healthz?2", Cancellation);
        await Eventually.IsAsync(() => new FileInfo(file).Length > 0);
        Assert.StartsWith("{", await File.ReadAllTextAsync(file, Cancellation));
    }

    [Fact]
    public async Task Sighup_HasTheFileOpenedAnew_AndDoesNotStopTheProxy()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("access.log");
        using var proxy = await ProxyProcess.StartAsync("--access-log-file", file);
        await proxy.Client.GetAsync("/healthz?1", Cancellation);
        await Eventually.IsAsync(() => File.Exists(file) && File.ReadAllText(file).Contains("?1 ", StringComparison.Ordinal));
        File.Move(file, file + ".1");
        proxy.Signal(1);
        // The signal arrives at its own time; a line for each look shows when.
        var looks = 1;
        await Eventually.IsAsync(async () =>
        {
            await proxy.Client.GetAsync($"/healthz?{++looks}", Cancellation);
            return File.Exists(file);
        });
        await proxy.Client.GetAsync("/healthz?last", Cancellation);
        await Eventually.IsAsync(() => File.ReadAllText(file).Contains("?last ", StringComparison.Ordinal));
        proxy.Signal(15);
        Assert.Equal(0, await proxy.ExitCodeAsync());
        var all = await File.ReadAllLinesAsync(file + ".1", Cancellation);
        Assert.Equal(looks + 1, all.Length + (await File.ReadAllLinesAsync(file, Cancellation)).Length);
    }

    [Fact]
    public async Task AFileThatCannotBeOpened_IsToldInOneLine_AndNothingStarts()
    {
        var (exitCode, output) = await ProxyProcess.RunAsync("--port", "0", "--access-log-file", "/nowhere/access.log");
        Assert.Equal(1, exitCode);
        Assert.StartsWith("caching-proxy: the access log cannot be written: ", output);
        Assert.Single(output.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task WithoutATerminal_NothingIsWritten_UnlessItWasAskedFor()
    {
        var (_, quiet) = await RunAndAskAsync();
        Assert.DoesNotContain("GET", quiet);
        var (_, asked) = await RunAndAskAsync("--access-log", "text");
        Assert.Contains("GET    /healthz", asked);
        Assert.DoesNotContain("\u001b", asked);
    }

    [Fact]
    public async Task OnATerminal_EachRequestIsALine_InColour_AndAReasonIsExplained()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("body"));
        var program = Path.Combine(AppContext.BaseDirectory, "caching-proxy.dll");
        // script gives the proxy a terminal.
        var start = new ProcessStartInfo("script", ["-qfec", $"exec dotnet {program} --port 0 --origin {origin.Url}", "/dev/null"])
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        using var process = Process.Start(start)!;
        var line = await process.StandardOutput.ReadLineAsync(Cancellation);
        using var client = new HttpClient { BaseAddress = new Uri(line!.Split(' ')[3]) };
        client.DefaultRequestHeaders.Add("Cookie", "a=b");
        await client.GetAsync("/x", Cancellation);
        line = await process.StandardOutput.ReadLineAsync(Cancellation);
        var hint = await process.StandardOutput.ReadLineAsync(Cancellation);
        process.Kill(entireProcessTree: true);
        Assert.Contains("\u001b[36mMISS", line);
        Assert.Contains("not stored: request-cookie", line);
        Assert.Contains("What can be done: --strip-cookies", hint);
    }

    // A reader that sleeps: the pipe fills up, lines are dropped, and requests go on.
    [Fact]
    public async Task TenThousandLinesToAReaderThatSleeps_HoldNoRequestUp()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("body", "Cache-Control: max-age=60"));
        using var proxy = await ProxyProcess.StartAsync("--origin", origin.Url.ToString(), "--access-log", "json");
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 40_000),
            new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Cancellation },
            async (_, cancellation) => Assert.Equal("body", await proxy.Client.GetStringAsync("/x", cancellation))
        );
        var metrics = await proxy.Client.GetStringAsync("/metrics", Cancellation);
        var dropped = metrics
            .Split('\n')
            .Single(line => line.StartsWith("cachingproxy_log_dropped_total{", StringComparison.Ordinal))
            .Split(' ')[1];
        Assert.True(double.Parse(dropped, System.Globalization.CultureInfo.InvariantCulture) > 1000, dropped);
        Assert.Contains("lines of the access log were not written", await proxy.ReadErrorLineAsync());
    }

    private static async Task<(int ExitCode, string Output)> RunAndAskAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(
            "dotnet",
            [Path.Combine(AppContext.BaseDirectory, "caching-proxy.dll"), "--port", "0", .. arguments]
        )
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var line = await process.StandardOutput.ReadLineAsync(Cancellation);
        using var client = new HttpClient { BaseAddress = new Uri(line!.Split(' ')[3]) };
        await client.GetAsync("/healthz", Cancellation);
        using var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
        var output = await process.StandardOutput.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);
        return (process.ExitCode, output);
    }
}
