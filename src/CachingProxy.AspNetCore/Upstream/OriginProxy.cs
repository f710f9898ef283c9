using System.Collections.Concurrent;
using System.Net;
using CachingProxy.AspNetCore.Targets;
using CachingProxy.Core.Messages;

namespace CachingProxy.AspNetCore.Upstream;

/// <summary>
/// The way to origins through another proxy. Which addresses a name leads to is the other proxy's to find out, so that a target is judged before it is asked
/// for: by its name, and by the addresses that it has here, if any. Safe for any number of threads.
/// </summary>
/// <param name="proxy">Tells which proxy is for which URL, or that there is none.</param>
/// <param name="guard">Judges targets, and opens the connections for which there is none.</param>
internal sealed class OriginProxy(IWebProxy proxy, TargetGuard guard)
{
    private readonly ConcurrentDictionary<(string Host, int Port), bool> _proxies = new();

    /// <summary>Judges a target that is going to be asked for through the proxy.</summary>
    /// <exception cref="OriginException">It is forbidden.</exception>
    public async ValueTask CheckAsync(Uri target, CancellationToken cancellation)
    {
        if (!proxy.IsBypassed(target) && proxy.GetProxy(target) is { } between)
        {
            _proxies.TryAdd((between.IdnHost, between.Port), true);
            await guard.EnsurePermittedAsync(target.IdnHost, target.Port, cancellation);
        }
    }

    /// <summary>Connects, to a proxy or, guarded, to an origin.</summary>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        if (!_proxies.ContainsKey((host, port)))
        {
            return await guard.ConnectAsync(context, cancellation);
        }

        try
        {
            return await guard.OpenAsync(host, port, cancellation);
        }
        catch (OriginException failure)
        {
            throw new OriginException(failure.Error, $"The proxy {host}:{port} on the way to the origin: {failure.Message}", failure.InnerException);
        }
    }
}
