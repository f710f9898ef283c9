using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using CachingProxy.TestKit;

namespace CachingProxy.Stores.Tests;

/// <summary>The memory of a whole process, by the program that measures it (<c>bench/memory</c>): 1 KiB responses, a million URLs, 256 MiB.</summary>
public partial class MemoryLoadTests(ITestOutputHelper output)
{
    private static readonly bool IsSoak = Environment.GetEnvironmentVariable("CACHING_PROXY_SOAK") == "1";

    [Fact]
    public async Task WhileItEvictsAllTheTime_TheProcessStaysWithin150MiBOfWhatTheStoreMayHold()
    {
        var program = Path.Combine(Repository.Root, "artifacts/bin/CachingProxy.Memory/release/memory.dll");
        using var process = Process.Start(
            new ProcessStartInfo("dotnet", [program, "load", IsSoak ? "10000000" : "1000000"]) { RedirectStandardOutput = true }
        )!;
        try
        {
            var report = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            output.WriteLine(report);
            var figures = Figures().Match(report);
            Assert.True(figures.Success, report);
            Assert.InRange(Figure("resident"), 200, 256 + 150);
            Assert.InRange(Figure("counted"), 200, 256);
            Assert.InRange(Figure("pause"), 0, 100);
            // A rate is worth something where nothing else runs.
            Assert.True(!IsSoak || Figure("end") >= 0.9 * Figure("beginning"), report);

            double Figure(string name) => double.Parse(figures.Groups[name].ValueSpan, CultureInfo.InvariantCulture);
        }
        finally
        {
            process.Kill();
        }
    }

    [GeneratedRegex(
        @"(?<resident>\d+) MiB resident at most, (?<counted>\d+) MiB counted, longest pause (?<pause>\d+) ms\s+(?<beginning>\d+) requests a second at the beginning, (?<end>\d+) at the end"
    )]
    private static partial Regex Figures();
}
