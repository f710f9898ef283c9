using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using CachingProxy.Commands;
using CachingProxy.Configuration;
using CachingProxy.TestKit;

namespace CachingProxy.Tests.Commands;

/// <summary>The command as a process: what it prints, how it ends.</summary>
public class CommandTests
{
    [Fact]
    public async Task OnAllAddresses_TheLineAtTheStartNamesOneThatCanBeOpened()
    {
        using var proxy = await ProxyProcess.StartAsync("--host", "*", "--admin-token", "token");
        Assert.Equal("localhost", proxy.Client.BaseAddress!.Host);
        Assert.Equal("{\"status\":\"ok\"}", await proxy.Client.GetStringAsync("/healthz", TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("--port abc", "--port is 'abc'; give a port from 0 to 65535")]
    [InlineData("--port 65536", "--port is '65536'")]
    [InlineData("--port -1", "--port is '-1'")]
    [InlineData("--host nowhere", "--host is 'nowhere'; give an IP address")]
    [InlineData("--origin ftp://a", "--origin is 'ftp://a'; give an http or https URL")]
    [InlineData("--origin http://u:p@a", "--origin has user information (an @); leave it out")]
    [InlineData("--origin dummyjson.com", "--origin is 'dummyjson.com'; write https://dummyjson.com")]
    [InlineData("--ttl -1", "--ttl is '-1'; give 0 to 365d")]
    [InlineData("--ttl 1y", "--ttl is '1y'")]
    [InlineData("--ttl 31536001", "--ttl is '31536001'")]
    [InlineData("--ttl-mode both", "--ttl-mode is 'both'; give respect or override")]
    [InlineData("--ttl-mode 1", "--ttl-mode is '1'")]
    [InlineData("--set-cookie eat", "--set-cookie is 'eat'; give refuse, strip or store")]
    [InlineData("--strip-cookies maybe", "--strip-cookies is 'maybe'; give true or false")]
    [InlineData("--rewrite-location maybe", "--rewrite-location is 'maybe'; give true or false")]
    [InlineData("--origin-ca /no/such/file", "--origin-ca is '/no/such/file'; there is no such file")]
    [InlineData("--origin-proxy http://me:secret@a.test/x", "The value of --origin-proxy is not permitted; give http://")]
    [InlineData("--breaker-max-pause 25h", "--breaker-max-pause is '25h'; give 0 to 24h")]
    [InlineData("--max-memory lots", "--max-memory is 'lots'; give 1MB to 1024GB")]
    [InlineData("--max-object-size 1,5MB", "--max-object-size is '1,5MB'")]
    [InlineData("--max-memory 0", "--max-memory is '0'; give 1MB to 1024GB")]
    [InlineData("--wait-timeout 60d", "--wait-timeout is '60d'; give 1ms to 24h")]
    [InlineData("--allowed-host a_/b", "--allowed-host is 'a_/b'; give a host name")]
    [InlineData("--allow-target 10.0.0.0/99", "--allow-target is '10.0.0.0/99'; give HOST or CIDR")]
    [InlineData("--origin-header Host:x", "The value of --origin-header is not permitted; give 'Name: value'")]
    [InlineData("--admin-token é", "The value of --admin-token is not permitted")]
    [InlineData("--port 1 --port 2", "--port is given 2 times; give it once")]
    [InlineData("--port", "--port")]
    [InlineData("--no-such-option", "--no-such-option is no option; see caching-proxy --help")]
    [InlineData("--orgin http://a", "--orgin is no option; did you mean --origin?")]
    [InlineData("--max-memry=5MB", "--max-memry is no option; did you mean --max-memory?")]
    [InlineData("--url /x", "--url is for --clear-cache; give both, or neither")]
    [InlineData("secret", "An argument of 6 characters belongs to no option; put values with blanks in quotes")]
    [InlineData("http://a.test", "did you mean --origin http://a.test?")]
    [InlineData("--config /no/such/file", "/no/such/file cannot be read")]
    public async Task ABadValue_IsOneLineThatNamesTheOptionTheValueAndWhatIsPermitted_AndExitCode2(string arguments, string message)
    {
        var (exitCode, output, error) = await RunAsync(arguments.Split(' '));
        Assert.True(exitCode == CommandLine.Usage, $"{exitCode}: {output}{error}");
        Assert.Single(error.Trim().Split('\n'));
        Assert.Contains(message, error);
        Assert.Empty(output);
    }

    [Fact]
    public async Task SeveralBadValues_AreALineEach()
    {
        var (exitCode, _, error) = await RunAsync(["--prot", "3000", "--ttl", "soon", "--origin", "localhost:8080"]);
        Assert.Equal(CommandLine.Usage, exitCode);
        Assert.Equal(
            [
                "caching-proxy: --prot is no option; did you mean --port?",
                "caching-proxy: --origin is 'localhost:8080'; write http://localhost:8080",
                "caching-proxy: --ttl is 'soon'; give 0 to 365d, in seconds or with units: 15, 500ms, 1.5h, 1h30m, 7d.",
            ],
            error.Trim().Split('\n')
        );
    }

    [Fact]
    public async Task OnLocalhost_BothLoopbackAddressesAreListenedOn()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "There is no IPv6 here.");
        var port = ClosedPort.Free();
        await using var proxy = await StartAsync(["--host", "localhost", "--port", $"{port}"]);
        Assert.StartsWith($"caching-proxy listens on http://localhost:{port} ", proxy.StartLine);
        Assert.Equal(
            "{\"status\":\"ok\"}",
            await proxy.Client.GetStringAsync($"http://127.0.0.1:{port}/healthz", TestContext.Current.CancellationToken)
        );
        Assert.Equal(
            "{\"status\":\"ok\"}",
            await proxy.Client.GetStringAsync($"http://[::1]:{port}/healthz", TestContext.Current.CancellationToken)
        );
    }

    [Theory]
    [InlineData("CACHE_TTL", "soon", "CACHE_TTL is 'soon'")]
    [InlineData("CACHING_PROXY_PORT", "x", "CACHING_PROXY_PORT is 'x'")]
    [InlineData("ASPNETCORE_FORWARDEDHEADERS_ENABLED", "true", "trusts no client's X-Forwarded")]
    public async Task C08_ABadEnvironment_IsToldTheSameWay(string name, string value, string message)
    {
        var (exitCode, _, error) = await RunAsync([], (name, value));
        Assert.Equal(CommandLine.Usage, exitCode);
        Assert.Contains(message, error);
    }

    [Theory]
    [InlineData("{ \"ttl\": \"soon\" }", "\"ttl\" in ")]
    [InlineData("{ \"tttl\": 5 }", "\"tttl\" in ")]
    [InlineData("{ \"ttl\": ", "is not valid JSON")]
    [InlineData("[]", "holds no JSON object")]
    [InlineData("{ \"port\": [] }", "\"port\" in ")]
    public async Task M25_ABadConfigurationFile_IsTold_WithKeyAndFile(string content, string message)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, content);
            var (exitCode, _, error) = await RunAsync(["--config", file]);
            Assert.Equal(CommandLine.Usage, exitCode);
            Assert.Contains(message, error);
            Assert.Contains(file, error);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Help_ListsEveryOption_WithExamples()
    {
        var (exitCode, output, _) = await RunAsync(["--help"]);
        Assert.Equal(CommandLine.Ok, exitCode);
        Assert.All(
            SettingTable.All,
            setting =>
            {
                Assert.Contains("--" + setting.Name, output);
                Assert.Contains(setting.Environment, output);
            }
        );
        Assert.Contains("caching-proxy --port 3000 --origin https://dummyjson.com --ttl 15", output);
    }

    [Fact]
    public async Task Version_IsANumber()
    {
        var (exitCode, output, _) = await RunAsync(["--version"]);
        Assert.Equal(CommandLine.Ok, exitCode);
        Assert.Matches("^[0-9]+\\.[0-9]+\\.[0-9]+$", output.Trim());
    }

    [Fact]
    public async Task APortInUse_IsOneLine_AndExitCode1()
    {
        using var occupied = new TcpListener(IPAddress.Loopback, 0);
        occupied.Start();
        var port = ((IPEndPoint)occupied.LocalEndpoint).Port;
        var (exitCode, _, error) = await RunAsync(["--port", port.ToString()]);
        Assert.Equal(CommandLine.Failed, exitCode);
        Assert.Contains($"port {port}", Assert.Single(error.Trim().Split('\n')));
    }

    [Fact]
    public async Task AnAddressThatIsNotThisMachines_IsOneLine_AndExitCode1()
    {
        var (exitCode, _, error) = await RunAsync(["--host", "192.0.2.1"]);
        Assert.Equal(CommandLine.Failed, exitCode);
        Assert.Contains("192.0.2.1", Assert.Single(error.Trim().Split('\n')));
    }

    [Fact]
    public async Task TheEnvironmentSetsWhatTheCommandLineDoesNot_AndTheFileTheRest()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "{ \"ttl\": 7, \"origin\": \"http://from-file.test\", \"port\": 1 }");
        try
        {
            await using var proxy = await StartAsync(["--port", "0", "--config", file], ("CACHE_TTL", "5m"), ("CACHING_PROXY_PORT", "2"));
            Assert.Contains("origin http://from-file.test, ttl 300 s", proxy.StartLine);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task AtItsStart_ItSaysWhereItIs_AndCtrlCLetsRequestsFinish()
    {
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                arrived.SetResult();
                await answer.Task;
                await connection.SendAsync(FakeOrigin.Response("finished"));
            }
        );
        await using var proxy = await StartAsync(["--port", "0", "--origin", origin.Url.ToString(), "--ttl", "15"]);
        Assert.Matches(
            $"^caching-proxy listens on http://127.0.0.1:[0-9]+ \\(origin {origin.Url.ToString().TrimEnd('/')}, ttl 15 s\\), docs at http://127.0.0.1:[0-9]+/docs$",
            proxy.StartLine
        );
        var request = proxy.Client.GetStringAsync("/slow");
        await arrived.Task;
        proxy.Interrupt();
        await proxy.UntilRefusedAsync();
        answer.SetResult();
        Assert.Equal("finished", await request);
        Assert.Equal(CommandLine.Ok, await proxy.ExitAsync());
    }

    [Fact]
    public async Task ClearCache_ClearsTheInstanceOnThatPort()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x"));
        await using var proxy = await StartAsync(["--port", "0", "--origin", origin.Url.ToString(), "--admin-token", "secret"]);
        await proxy.Client.GetAsync("/x");
        var port = proxy.Client.BaseAddress!.Port.ToString();
        var without = await RunAsync(["--clear-cache", "--port", port]);
        Assert.Equal(CommandLine.Failed, without.ExitCode);
        Assert.Contains("answers 401: This needs the admin token", without.Error);
        Assert.Contains("is not the admin token", (await RunAsync(["--clear-cache", "--port", port, "--admin-token", "wrong"])).Error);
        var (exitCode, output, _) = await RunAsync(["--clear-cache", "--port", port], ("CACHING_PROXY_ADMIN_TOKEN", "secret"));
        Assert.Equal(CommandLine.Ok, exitCode);
        Assert.Contains("cleared", output);
        Assert.Equal("MISS", (await proxy.Client.GetAsync("/x")).Headers.GetValues("X-Cache").Single());
    }

    [Fact]
    public async Task ClearCache_PurgesJustWhatIsNamed_AndSaysWhatWasStored()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x"));
        await using var proxy = await StartAsync(["--port", "0", "--origin", origin.Url.ToString()]);
        await proxy.Client.GetAsync("/a?b=c");
        await proxy.Client.GetAsync("/d");
        var port = proxy.Client.BaseAddress!.Port.ToString();
        var (exitCode, output, _) = await RunAsync([
            "--clear-cache",
            "--port",
            port,
            "--url",
            "/a?b=c",
            "--url",
            $"{proxy.Client.BaseAddress}none",
            "--tag",
            "t",
            "--soft",
        ]);
        Assert.Equal(CommandLine.Ok, exitCode);
        Assert.Equal(
            $"Purged {origin.Url}a?b=c (soft), {origin.Url}none (soft), tag 't' of every origin (soft).\nNothing was stored for {origin.Url}none.\n",
            output
        );
        Assert.Equal("HIT", (await proxy.Client.GetAsync("/d")).Headers.GetValues("X-Cache").Single());
    }

    [Theory]
    [InlineData(200, "Server: other")]
    [InlineData(302, "Location: /login")]
    public async Task ClearCacheOfAnotherProgram_SaysSo_AndFollowsNoRedirect(int status, string field)
    {
        await using var other = new FakeOrigin(_ => FakeOrigin.Response(status, "{}", field));
        var (exitCode, _, error) = await RunAsync(["--clear-cache", "--port", $"{other.Url.Port}"]);
        Assert.Equal(CommandLine.Failed, exitCode);
        Assert.Contains($"is no caching-proxy (its answer is {status}); nothing is done here", error);
        Assert.Single(other.Requests);
    }

    [Fact]
    public async Task ClearCacheWithoutAnInstance_SaysSo_AndIsExitCode1()
    {
        using var closed = new ClosedPort();
        var (exitCode, _, error) = await RunAsync(["--clear-cache", "--port", $"{closed.Port}"]);
        Assert.Equal(CommandLine.Failed, exitCode);
        Assert.Contains("no instance answers", error);
    }

    private static Process Launch(string[] arguments, (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(typeof(CommandLine).Assembly.Location);
        arguments.ToList().ForEach(start.ArgumentList.Add);
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(
        string[] arguments,
        params (string Name, string Value)[] environment
    )
    {
        using var process = Launch(arguments, environment);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        finally
        {
            process.Kill();
        }

        return (process.ExitCode, await output, await error);
    }

    private static async Task<RunningProxy> StartAsync(string[] arguments, params (string Name, string Value)[] environment)
    {
        var process = Launch(arguments, environment);
        var line =
            await process.StandardOutput.ReadLineAsync()
            ?? throw new InvalidOperationException(await process.StandardError.ReadToEndAsync());
        return new RunningProxy(process, line);
    }

    private sealed class RunningProxy(Process process, string startLine) : IAsyncDisposable
    {
        public string StartLine => startLine;

        public HttpClient Client { get; } =
            new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(startLine.Split(' ')[3]) };

        public void Interrupt() => Assert.Equal(0, kill(process.Id, 2));

        /// <summary>Waits until new connections are refused.</summary>
        public async Task UntilRefusedAsync()
        {
            while (true)
            {
                try
                {
                    using var client = new TcpClient();
                    await client.ConnectAsync(Client.BaseAddress!.Host, Client.BaseAddress.Port);
                }
                catch (SocketException)
                {
                    return;
                }
            }
        }

        public async Task<int> ExitAsync()
        {
            await process.WaitForExitAsync();
            return process.ExitCode;
        }

        public ValueTask DisposeAsync()
        {
            Client.Dispose();
            process.Kill();
            process.Dispose();
            return ValueTask.CompletedTask;
        }

        [DllImport("libc", SetLastError = true)]
        private static extern int kill(int pid, int signal);
    }
}
