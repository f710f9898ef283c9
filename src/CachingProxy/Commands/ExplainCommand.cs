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
        command.SetAction(
            (parsed, cancellation) =>
                CommandLine.WithSettingsAsync(
                    options,
                    parsed,
                    async settings =>
                    {
                        var parameters = new List<KeyValuePair<string, string>> { new("url", parsed.GetValue(url)!) };
                        parameters.AddRange((parsed.GetValue(fields) ?? []).Select(field => KeyValuePair.Create("field", field)));
                        if (parsed.GetValue(method) is { } named)
                        {
                            parameters.Add(new("method", named));
                        }

                        if (parsed.GetValue(face) is { } way)
                        {
                            parameters.Add(new("face", way));
                        }

                        using var api = new AdminApi(settings);
                        using var answer = await api.AskAsync(HttpMethod.Get, "/cache/explain", parameters, cancellation);
                        if (answer is null)
                        {
                            return CommandLine.Failed;
                        }

                        await (parsed.GetValue(json) ? JsonOption.WriteAsync(answer) : ShowAsync(answer.RootElement));
                        return CommandLine.Ok;
                    }
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
