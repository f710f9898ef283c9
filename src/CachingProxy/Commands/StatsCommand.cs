using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace CachingProxy.Commands;

/// <summary><c>caching-proxy stats</c>: what the running instance has done, and is doing.</summary>
internal static class StatsCommand
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public static Command Create(SettingOptions options)
    {
        var json = JsonOption.Create();
        var watch = new Option<bool>("--watch") { Description = "Show them again every second, until Ctrl-C" };
        var command = new Command("stats", "Show what the running instance has done, e.g. caching-proxy stats --port 3000 --watch")
        {
            json,
            watch,
        };
        InstanceCommand.SetAction(
            command,
            options,
            async (api, parsed, cancellation) =>
            {
                while (true)
                {
                    var code = await api.ShowAsync("/cache/stats", [], parsed.GetValue(json), ShowAsync, cancellation);
                    if (code != CommandLine.Ok || !parsed.GetValue(watch))
                    {
                        return code;
                    }

                    await Task.Delay(Interval, TimeProvider.System, cancellation).ContinueWith(_ => { }, TaskScheduler.Default);
                    if (cancellation.IsCancellationRequested)
                    {
                        return CommandLine.Ok;
                    }
                }
            }
        );
        return command;
    }

    private static async Task ShowAsync(JsonElement stats)
    {
        var requests = stats
            .GetProperty("requests")
            .EnumerateObject()
            .Where(outcome => outcome.Value.GetInt64() > 0)
            .Select(outcome => string.Create(CultureInfo.InvariantCulture, $"{outcome.Value.GetInt64():N0} {outcome.Name}"));
        var ratio = stats.TryGetProperty("hitRatio", out var share)
            ? string.Create(CultureInfo.InvariantCulture, $"{share.GetDouble() * 100:0.0} % of them without the origin")
            : "none so far";
        string[] lines =
        [
            $"up        {TimeSpan.FromSeconds(Number("uptimeSeconds")):c}, version {stats.GetProperty("version").GetString()}",
            $"requests  {string.Join(", ", requests)}; {ratio}",
            $"now       {Number("activeRequests")} answered, {Number("waitingRequests")} waiting, {Number("activeFills")} fetches",
            $"bytes     {Grouped("bytesSent")} sent, {Grouped("bytesFromCache")} of them from the cache",
            $"memory    {Grouped("memoryEntries")} entries, {Grouped("memoryBytes")} bytes, {Grouped("evictions")} evicted",
        ];
        await Console.Out.WriteLineAsync(string.Join('\n', lines));
        foreach (var url in stats.GetProperty("mostMissed").EnumerateArray().Take(10))
        {
            await Console.Out.WriteLineAsync(
                $"missed    {url.GetProperty("misses").GetInt64(), 6} {url.GetProperty("url").GetString()} "
                    + $"({url.GetProperty("outcome").GetString()}: {url.GetProperty("reason").GetString()})"
            );
        }

        long Number(string name) => stats.GetProperty(name).GetInt64();

        string Grouped(string name) => Number(name).ToString("N0", CultureInfo.InvariantCulture);
    }
}
