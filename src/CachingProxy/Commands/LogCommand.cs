using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace CachingProxy.Commands;

/// <summary><c>caching-proxy log</c>: the requests of the running instance, as they are answered.</summary>
internal static class LogCommand
{
    private const string DataField = "data: ";

    public static Command Create(SettingOptions options)
    {
        var json = JsonOption.Create();
        var outcome = new Option<string?>("--outcome")
        {
            Description = "Only hit, miss, stale, bypass, error, refused ...",
            HelpName = "OUTCOME",
        };
        var status = new Option<string?>("--status") { Description = "Only responses with this status", HelpName = "N" };
        var url = new Option<string?>("--url") { Description = "Only targets that contain this", HelpName = "PART" };
        var command = new Command("log", "Show requests as they are answered, until Ctrl-C, e.g. caching-proxy log --outcome miss")
        {
            json,
            outcome,
            status,
            url,
        };
        InstanceCommand.SetAction(
            command,
            options,
            async (api, parsed, cancellation) =>
            {
                await using var events = await api.WatchAsync(InstanceCommand.Parameters(parsed, outcome, status, url), cancellation);
                return events is null ? CommandLine.Failed : await ShowAsync(events, parsed.GetValue(json), cancellation);
            }
        );
        return command;
    }

    private static async Task<int> ShowAsync(Stream events, bool isJson, CancellationToken cancellation)
    {
        using var reader = new StreamReader(events);
        try
        {
            while (await reader.ReadLineAsync(cancellation) is { } line)
            {
                if (!line.StartsWith(DataField, StringComparison.Ordinal))
                {
                    continue;
                }

                var data = line[DataField.Length..];
                await Console.Out.WriteLineAsync(isJson || !data.StartsWith('{') ? data : Text(data));
            }

            await Console.Error.WriteLineAsync("caching-proxy: the instance has ended the log.");
            return CommandLine.Failed;
        }
        catch (OperationCanceledException)
        {
            return CommandLine.Ok;
        }
        catch (IOException)
        {
            await Console.Error.WriteLineAsync("caching-proxy: the connection to the instance is lost.");
            return CommandLine.Failed;
        }
    }

    private static string Text(string data)
    {
        using var request = JsonDocument.Parse(data);
        var root = request.RootElement;
        var time = root.GetProperty("time").GetDateTime().ToLocalTime();
        var milliseconds = root.GetProperty("duration").GetDouble() * 1000;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{time:HH:mm:ss} {Text("method"), -6} {Text("target"), -32} {root.GetProperty("status").GetInt32()} "
                + $"{Text("outcome").ToUpperInvariant(), -11} {milliseconds, 7:0.0} ms  {Text("reason")}"
        );

        string Text(string name) => root.GetProperty(name).GetString()!;
    }
}
