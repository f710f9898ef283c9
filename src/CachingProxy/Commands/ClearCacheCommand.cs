using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using CachingProxy.Configuration;

namespace CachingProxy.Commands;

/// <summary>Clears the cache of the instance that runs on the configured port, or purges the named parts of it.</summary>
internal static class ClearCacheCommand
{
    /// <summary>Sends the purge to the instance, and returns the exit code.</summary>
    /// <param name="settings">The address of the instance, and its admin token.</param>
    /// <param name="parameters">The parameters for <c>DELETE /cache</c>; without any, everything is purged.</param>
    public static async Task<int> RunAsync(ProxySettings settings, IReadOnlyList<KeyValuePair<string, string>> parameters)
    {
        var host = settings.Host.Equals(IPAddress.Any) || settings.Host.Equals(IPAddress.IPv6Any) ? IPAddress.Loopback : settings.Host;
        var query = string.Join('&', parameters.Select(parameter => $"{parameter.Key}={Uri.EscapeDataString(parameter.Value)}"));
        // A server that redirects is not the instance that was meant.
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false })
        {
            Timeout = TimeSpan.FromSeconds(10),
        };
        var address = new UriBuilder("http", host.ToString(), settings.Port, "/cache") { Query = query }.Uri;
        using var request = new HttpRequestMessage(HttpMethod.Delete, address);
        if (settings.AllowedHosts.FirstOrDefault(name => name != "*") is { } allowed)
        {
            request.Headers.Host = allowed;
        }

        if (settings.AdminToken is { } token)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        var authority = address.GetLeftPart(UriPartial.Authority);
        try
        {
            using var response = await client.SendAsync(request);
            var isOurs = response.Headers.Server.ToString() == ProductName.Name;
            using var answer = isOurs ? JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync()) : null;
            if (answer is not null && response.IsSuccessStatusCode)
            {
                await SayDoneAsync(settings, answer.RootElement, parameters.Count == 0);
                return CommandLine.Ok;
            }

            await Console.Error.WriteLineAsync($"caching-proxy: {Refusal(response, answer, authority)}");
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException or JsonException)
        {
            await Console.Error.WriteLineAsync($"caching-proxy: no instance answers on {authority}; is it running, and is --port right?");
        }

        return CommandLine.Failed;
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

    private static string Refusal(HttpResponseMessage response, JsonDocument? answer, string authority)
    {
        var status = (int)response.StatusCode;
        if (answer is null)
        {
            return $"what answers on {authority} is no caching-proxy (its answer is {status}); nothing is cleared. Is --port right?";
        }

        var message = answer.RootElement.GetProperty("error").GetProperty("message").GetString();
        return $"the instance on {authority} answers {status}: {message}{(status == 401 ? " Give its token as --admin-token." : "")}";
    }
}
