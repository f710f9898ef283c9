using System.Net;
using System.Net.Http.Headers;
using CachingProxy.Configuration;

namespace CachingProxy.Commands;

/// <summary>Clears the cache of the instance that runs on the configured port.</summary>
internal static class ClearCacheCommand
{
    public static async Task<int> RunAsync(ProxySettings settings)
    {
        var host = settings.Host.Equals(IPAddress.Any) || settings.Host.Equals(IPAddress.IPv6Any) ? IPAddress.Loopback : settings.Host;
        var address = new UriBuilder("http", host.ToString(), settings.Port, "/cache").Uri;
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(10) };
        using var request = new HttpRequestMessage(HttpMethod.Delete, address);
        if (settings.AllowedHosts.FirstOrDefault(name => name != "*") is { } allowed)
        {
            request.Headers.Host = allowed;
        }

        if (settings.AdminToken is { } token)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        try
        {
            using var response = await client.SendAsync(request);
            if (response.IsSuccessStatusCode)
            {
                await Console.Out.WriteLineAsync($"The cache of the instance on port {settings.Port} is cleared.");
                return CommandLine.Ok;
            }

            await Console.Error.WriteLineAsync(response.StatusCode == HttpStatusCode.Unauthorized
                ? $"caching-proxy: the instance on port {settings.Port} wants its admin token; give it with --admin-token."
                : $"caching-proxy: what runs on port {settings.Port} answered {(int)response.StatusCode}; the cache is not cleared.");
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException)
        {
            await Console.Error.WriteLineAsync($"caching-proxy: no instance answers on {address.GetLeftPart(UriPartial.Authority)}; is it running, and is --port right?");
        }

        return CommandLine.Failed;
    }
}
