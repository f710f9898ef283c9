using System.Text.Json;
using System.Text.RegularExpressions;
using CachingProxy.TestKit;

namespace CachingProxy.Tests.Commands;

/// <summary>The commands that ask the running instance.</summary>
public class ApiCommandTests
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task FromThisPageIsStale_ToGone_IsOneCommand()
    {
        var version = 1;
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response($"version {version}", "Cache-Control: max-age=600"));
        using var proxy = await ProxyProcess.StartAsync("--origin", origin.Url.ToString());
        await proxy.Client.GetStringAsync("/page", Cancellation);
        version = 2;
        Assert.Equal("version 1", await proxy.Client.GetStringAsync("/page", Cancellation));
        var (exitCode, output) = await RunAsync(proxy, "purge", "/page");
        Assert.Equal((0, $"Purged {origin.Url}page.\n"), (exitCode, output));
        Assert.Equal("version 2", await proxy.Client.GetStringAsync("/page", Cancellation));
    }

    [Fact]
    public async Task EachCommand_HasATableForPeople_AndJsonForPrograms()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("body", "Cache-Control: max-age=600"));
        using var proxy = await ProxyProcess.StartAsync("--origin", origin.Url.ToString());
        await proxy.Client.GetStringAsync("/page", Cancellation);
        Assert.Contains($"  {origin.Url}page\n", (await RunAsync(proxy, "entries")).Output);
        Assert.Contains("page: serve (fresh)\n", (await RunAsync(proxy, "explain", "/page")).Output);
        Assert.Contains("requests  1 miss", (await RunAsync(proxy, "stats")).Output);
        foreach (
            var command in (string[][])
                [
                    ["entries"],
                    ["explain", "/page"],
                    ["stats"],
                ]
        )
        {
            var (exitCode, output) = await RunAsync(proxy, [.. command, "--json"]);
            Assert.Equal(0, exitCode);
            Assert.True(JsonDocument.Parse(output).RootElement.GetProperty("success").GetBoolean());
        }
    }

    [Theory]
    [InlineData("purge", "give what to purge, or --all, and not both.", 2)]
    [InlineData("purge /x --all", "give what to purge, or --all, and not both.", 2)]
    [InlineData("explain", "Required argument 'url' missing", 2)]
    [InlineData("stats more", "'more' means nothing to stats; see its --help.", 2)]
    [InlineData("explain /x --face back", "answers 400: The parameter 'face' is none of the faces", 1)]
    [InlineData("stats --port abc", "--port is 'abc'; give a port from 0 to 65535.", 2)]
    public async Task WhatIsWrong_IsOneLine_WithAnExitCode(string arguments, string says, int code)
    {
        using var proxy = await ProxyProcess.StartAsync();
        var given = arguments.Split(' ');
        var (exitCode, output) = arguments.Contains("--port", StringComparison.Ordinal)
            ? await ProxyProcess.RunAsync(given)
            : await RunAsync(proxy, given);
        Assert.Equal(code, exitCode);
        Assert.Contains(says, output);
        Assert.Single(output.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task WhereNoInstanceAnswers_ThatIsSaid()
    {
        using var closed = new ClosedPort();
        var (exitCode, output) = await ProxyProcess.RunAsync("stats", "--port", $"{closed.Port}");
        Assert.Equal(1, exitCode);
        Assert.Contains($"no instance answers on http://127.0.0.1:{closed.Port}; is it running, and is --port right?", output);
    }

    [Fact]
    public async Task TheExamplesOfTheDocument_Run()
    {
        await using var origin = new FakeOrigin(_ =>
            FakeOrigin.Response("{}", "Cache-Control: max-age=600", "Content-Type: application/json")
        );
        using var proxy = await ProxyProcess.StartAsync("--origin", origin.Url.ToString());
        await proxy.Client.GetStringAsync("/products", Cancellation);
        var commands = Regex
            .Matches(
                await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "cli.md"), Cancellation),
                @"^\$ caching-proxy (.+)$",
                RegexOptions.Multiline
            )
            .Select(line => line.Groups[1].Value)
            .ToList();
        Assert.True(commands.Count >= 8);
        foreach (var command in commands)
        {
            var words = Regex.Matches(command, "'[^']*'|\\S+").Select(word => word.Value.Trim('\'')).ToArray();
            var (exitCode, output) = await RunAsync(proxy, words);
            Assert.True(exitCode == 0, $"{command}: {output}");
        }

        var requests = Regex
            .Matches(
                await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "admin-api.md"), Cancellation),
                "^(GET|DELETE) (/\\S+)$",
                RegexOptions.Multiline
            )
            .ToList();
        Assert.True(requests.Count >= 7);
        foreach (var request in requests)
        {
            using var message = new HttpRequestMessage(new HttpMethod(request.Groups[1].Value), request.Groups[2].Value);
            using var response = await proxy.Client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, Cancellation);
            Assert.True(response.IsSuccessStatusCode, request.Value);
        }
    }

    private static Task<(int ExitCode, string Output)> RunAsync(ProxyProcess proxy, params string[] arguments) =>
        ProxyProcess.RunAsync([.. arguments, "--port", $"{proxy.Client.BaseAddress!.Port}"]);
}
