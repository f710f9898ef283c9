using System.Diagnostics;
using System.Text.Json;
using CachingProxy.TestKit;

namespace CachingProxy.Conformance.Tests;

/// <summary>One run of the public suite against the built proxy, for all tests that look at its outcome.</summary>
public sealed class PublicSuiteRun : IAsyncLifetime
{
    /// <summary>The folder of the suite.</summary>
    public static string Folder { get; } = Path.Combine(Repository.Root, "tests", "CachingProxy.Conformance.Tests", "PublicSuite");

    /// <summary>What the suite needs that is not there; null where it can run.</summary>
    public static string? Missing { get; } =
        Directory.Exists(Path.Combine(Folder, "node_modules", "http-cache-tests"))
            ? null
            : "The public suite is not installed: npm ci in tests/CachingProxy.Conformance.Tests/PublicSuite, as ./test does.";

    /// <summary>The outcome of each test by its id.</summary>
    public IReadOnlyDictionary<string, Outcome> Outcomes { get; private set; } = new Dictionary<string, Outcome>();

    public async ValueTask InitializeAsync()
    {
        if (Missing is not null)
        {
            return;
        }

        var start = new ProcessStartInfo("node", ["--no-warnings", "run.mjs", "dotnet", ProxyAssembly()])
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var node = Process.Start(start)!;
        var errors = node.StandardError.ReadToEndAsync();
        var table = await node.StandardOutput.ReadToEndAsync();
        await node.WaitForExitAsync();
        Outcomes =
            node.ExitCode == 0
                ? JsonSerializer.Deserialize<Dictionary<string, Outcome>>(table, JsonSerializerOptions.Web)!
                : throw new InvalidOperationException($"The public suite ended with {node.ExitCode}: {await errors}");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    // The command as it was built, and not the copy of it that lies beside these tests without its start file.
    private static string ProxyAssembly() =>
        Path.Combine(
            Repository.Root,
            "artifacts",
            "bin",
            "CachingProxy",
            Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)),
            "caching-proxy.dll"
        );

    /// <summary>What became of one test.</summary>
    public sealed record Outcome(
        string Kind,
        [property: System.Text.Json.Serialization.JsonPropertyName("outcome")] string Result,
        string Detail
    );
}
