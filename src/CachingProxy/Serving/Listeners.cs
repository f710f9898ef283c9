using System.Net;
using System.Text;
using CachingProxy.Configuration;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace CachingProxy.Serving;

/// <summary>Sets up the listeners: the limits of Kestrel, and what stands between it and the sockets.</summary>
internal static class Listeners
{
    /// <summary>Has Kestrel listen where the settings say, within our limits, for HTTP/1.1 alone.</summary>
    public static void Configure(KestrelServerOptions kestrel, ProxySettings settings)
    {
        kestrel.AddServerHeader = false;
        kestrel.RequestHeaderEncodingSelector = _ => Encoding.Latin1;
        kestrel.ResponseHeaderEncodingSelector = _ => Encoding.Latin1;
        var limits = kestrel.Limits;
        limits.MaxRequestHeadersTotalSize = 16 * 1024;
        limits.MaxRequestHeaderCount = 64;
        limits.MaxRequestLineSize = 8 * 1024 + 64;
        limits.MaxRequestBodySize = null;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(60);
        // Kestrel's own limits cut clients that are slow and steady; ClientContent and SlowClients are in their place.
        limits.MinRequestBodyDataRate = null;
        limits.MinResponseDataRate = TcpProgress.IsKnown ? null : limits.MinResponseDataRate;
        var connections = kestrel.ApplicationServices.GetRequiredService<ConnectionLimit>();
        var refusals = kestrel.ApplicationServices.GetRequiredService<MalformedRequests>();
        var clients = kestrel.ApplicationServices.GetRequiredService<ClientConnections>();
        Task ServeAsync(ConnectionDelegate next, ConnectionContext connection, ConnectionUse use)
        {
            connection.Transport = new ClientTransport(connection.Transport, use, refusals);
            return next(connection);
        }

        void Http1(ListenOptions listen)
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.Use(next =>
                connection =>
                {
                    var use = connection.Features.GetRequiredFeature<ConnectionUse>();
                    return connections.AccompanyAsync(
                        use,
                        () => clients.AccompanyAsync(connection, () => ServeAsync(next, connection, use))
                    );
                }
            );
        }

        if (settings.Host.Equals(IPAddress.IPv6Any))
        {
            kestrel.ListenAnyIP(settings.Port, Http1);
        }
        else if (settings is { ListensOnLocalhost: true, Port: > 0 })
        {
            kestrel.ListenLocalhost(settings.Port, Http1);
        }
        else
        {
            // With port 0, localhost is 127.0.0.1 alone: two addresses could not be given the same free port.
            kestrel.Listen(settings.Host, settings.Port, Http1);
        }

        if (settings.AdminPort is { } adminPort)
        {
            kestrel.Listen(
                settings.AdminHost,
                adminPort,
                listen =>
                {
                    listen.Use(next =>
                        connection =>
                        {
                            connection.Features.Set(AdminListener.Mark);
                            return next(connection);
                        }
                    );
                    Http1(listen);
                }
            );
        }
    }
}
