using System.Text.Json;
using CachingProxy.Configuration;

namespace CachingProxy.Commands;

/// <summary>Clears the cache of the instance that runs on the configured port, or purges only the given URLs, prefixes and tags.</summary>
internal static class ClearCacheCommand
{
    /// <summary>Asks the instance; returns the exit code.</summary>
    /// <param name="settings">Where it listens, and its token.</param>
    /// <param name="parameters">The parameters of <c>DELETE /cache</c>; none to purge everything.</param>
    public static async Task<int> RunAsync(ProxySettings settings, IReadOnlyList<KeyValuePair<string, string>> parameters)
    {
        using var api = new AdminApi(settings);
        using var answer = await api.AskAsync(HttpMethod.Delete, "/cache", parameters, CancellationToken.None);
        if (answer is null)
        {
            return CommandLine.Failed;
        }

        await SayDoneAsync(settings, answer.RootElement, parameters.Count == 0);
        return CommandLine.Ok;
    }

    private static async Task SayDoneAsync(ProxySettings settings, JsonElement answer, bool isAll)
    {
        await Console.Out.WriteLineAsync(
            isAll ? $"The cache of the instance on port {settings.Port} is cleared." : $"{answer.GetProperty("message").GetString()}."
        );
        if (answer.TryGetProperty("purged", out var purged))
        {
            foreach (var url in purged.EnumerateArray().Where(url => !url.GetProperty("stored").GetBoolean()))
            {
                await Console.Out.WriteLineAsync($"Nothing was stored for {url.GetProperty("url").GetString()}.");
            }
        }
    }
}
