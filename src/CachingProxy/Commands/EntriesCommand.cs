using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace CachingProxy.Commands;

/// <summary><c>caching-proxy entries</c>: what the running instance has stored in memory.</summary>
internal static class EntriesCommand
{
    public static Command Create(SettingOptions options)
    {
        var json = JsonOption.Create();
        var prefix = new Option<string?>("--prefix") { Description = "Only URLs that begin so; a path, or absolute", HelpName = "PREFIX" };
        var tag = new Option<string?>("--tag") { Description = "Only responses with this tag", HelpName = "TAG" };
        var status = new Option<string?>("--status") { Description = "Only responses with this status", HelpName = "N" };
        var max = new Option<string?>("--max") { Description = "Show at most so many (100)", HelpName = "N" };
        var from = new Option<string?>("--from") { Description = "Go on from here, as the last page said", HelpName = "PLACE" };
        var command = new Command("entries", "List what is stored, e.g. caching-proxy entries --prefix /products")
        {
            json,
            prefix,
            tag,
            status,
            max,
            from,
        };
        InstanceCommand.SetAction(
            command,
            options,
            (api, parsed, cancellation) =>
                api.ShowAsync(
                    "/cache/entries",
                    InstanceCommand.Parameters(parsed, prefix, tag, status, max, from),
                    parsed.GetValue(json),
                    ShowAsync,
                    cancellation
                )
        );
        return command;
    }

    private static async Task ShowAsync(JsonElement answer)
    {
        await Console.Out.WriteLineAsync("status      bytes     age  fresh for  url");
        foreach (var entry in answer.GetProperty("entries").EnumerateArray())
        {
            var bytes = entry.TryGetProperty("bytes", out var known) ? known.ToString() : "-";
            var (age, left) = (entry.GetProperty("age").GetDouble(), entry.GetProperty("freshFor").GetDouble());
            var numbers = string.Create(
                CultureInfo.InvariantCulture,
                $"{entry.GetProperty("status").GetInt32(), 6} {bytes, 10} {age, 7:0} {left, 10:0}"
            );
            await Console.Out.WriteLineAsync($"{numbers}  {entry.GetProperty("url").GetString()}");
        }

        if (answer.TryGetProperty("next", out var next))
        {
            await Console.Out.WriteLineAsync($"There is more: --from {next}");
        }

        if (answer.TryGetProperty("note", out var note))
        {
            await Console.Out.WriteLineAsync(note.GetString());
        }
    }
}
