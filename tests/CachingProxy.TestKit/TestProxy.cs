using CachingProxy.Configuration;
using CachingProxy.Core;
using CachingProxy.Core.Stores;
using CachingProxy.Core.Telemetry;
using CachingProxy.Serving;

namespace CachingProxy.TestKit;

/// <summary>The real proxy on a free loopback port, in this process.</summary>
public sealed class TestProxy : IAsyncDisposable
{
    private readonly ProxyServer _server;

    private TestProxy(ProxyServer server)
    {
        _server = server;
        Url = server.Address;
        Client = new HttpClient(
            new SocketsHttpHandler
            {
                UseProxy = false,
                AllowAutoRedirect = false,
                UseCookies = false,
            }
        )
        {
            BaseAddress = Url,
        };
    }

    public Uri Url { get; }

    /// <summary>A client that sends what it is told and follows nothing.</summary>
    public HttpClient Client { get; }

    public CacheEngine Engine => _server.Engine;

    /// <summary>Those who learn of requests, fills and purges.</summary>
    public CacheEvents Events => _server.Events;

    public ISecondTier? SecondTier => _server.SecondTier;

    /// <summary>A proxy in front of an origin; its client names it by <paramref name="host"/>, if that is given.</summary>
    public static async Task<TestProxy> StartAsync(FakeOrigin origin, ProxySettings? settings = null, string? host = null)
    {
        var proxy = await StartWithAsync((settings ?? new ProxySettings()) with { Origin = origin.Url }, new ServerDependencies());
        proxy.Client.DefaultRequestHeaders.Host = host;
        return proxy;
    }

    internal static async Task<TestProxy> StartWithAsync(ProxySettings settings, ServerDependencies dependencies) =>
        new(await ProxyServer.StartAsync(settings with { Port = 0 }, dependencies));

    /// <summary>A raw request for a path, with this proxy as its host.</summary>
    public string Raw(string method, string target, params string[] fields) =>
        $"{method} {target} HTTP/1.1\r\nHost: {Url.Authority}\r\n{string.Concat(fields.Select(field => field + "\r\n"))}\r\n";

    public Task<string> ExchangeAsync(string request) => RawClient.ExchangeAsync(Url, request);

    public Task StopAsync() => _server.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _server.StopAsync();
        await _server.DisposeAsync();
    }
}
