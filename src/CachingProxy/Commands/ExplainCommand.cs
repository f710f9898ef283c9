using System.CommandLine;
using System.Text.Json;

namespace CachingProxy.Commands;

/// <summary><c>caching-proxy explain URL</c>: what would become of a request now, and why.</summary>
internal static class ExplainCommand
{
    public static Command Create(SettingOptions options)
    {
        var json = JsonOption.Create();
        var url = new Argument<string>("url") { Description = "A path of the origin, or absolute, or as a browser shows it" };
        var fields = new Option<string[]>("--header", "-H")
        {
            Description = "A field of the request; repeatable",
            HelpName = "'Name: value'",
        };
        var method = new Option<string?>("--request", "-X") { Description = "The method (GET)", HelpName = "METHOD" };
        var face = new Option<string?>("--face") { Description = "forwarded (with --origin), or proxy for /proxy?url=", HelpName = "FACE" };
        var command = new Command(
            "explain",
            "Say what would become of a request, and why, e.g. caching-proxy explain /me -H 'Cookie: a=b'. Nothing is done."
        )
        {
            url,
            fields,
            method,
            face,
            json,
        };
        InstanceCommand.SetAction(
            command,
            options,
            (api, parsed, cancellation) =>
                api.ShowAsync(
                    "/cache/explain",
                    [
                        .. InstanceCommand.Parameters("url", parsed.GetValue(url)),
                        .. InstanceCommand.Parameters("field", parsed.GetValue(fields)),
                        .. InstanceCommand.Parameters("method", parsed.GetValue(method)),
                        .. InstanceCommand.Parameters(parsed, face),
                    ],
                    parsed.GetValue(json),
                    ShowAsync,
                    cancellation
                )
        );
        return command;
    }

    private static async Task ShowAsync(JsonElement answer)
    {
        var (decision, reason) = (answer.GetProperty("decision").GetString(), answer.GetProperty("reason").GetString());
        await Console.Out.WriteLineAsync($"{answer.GetProperty("url").GetString()}: {decision} ({reason})");
        foreach (var step in answer.GetProperty("steps").EnumerateArray())
        {
            var section = step.TryGetProperty("section", out var rfc) ? $" [{rfc.GetString()}]" : "";
            await Console.Out.WriteLineAsync(
                $"  {step.GetProperty("step").GetString(), -9} {step.GetProperty("says").GetString()}{section}"
            );
            if (step.TryGetProperty("wayOut", out var way))
            {
                await Console.Out.WriteLineAsync($"            What can be done: {way.GetString()}");
            }
        }
    }
}
