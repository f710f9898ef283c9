using System.Security.Cryptography;
using System.Text;
using CachingProxy.AspNetCore.Responses;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;

namespace CachingProxy.AspNetCore;

/// <summary>
/// Passes WebSockets (RFC 6455) on. Only a valid 101 of the origin itself makes the connection a tunnel. Nothing that goes through the
/// tunnel is cached or inspected.
/// </summary>
internal static class WebSocketTunnel
{
    private const string AcceptSuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    /// <summary>Tells whether a request asks for a WebSocket. Every other upgrade is ignored, as RFC 9110 §7.8 permits.</summary>
    public static bool IsAskedForBy(Exchange exchange)
    {
        var headers = exchange.RequestHeaders;
        return headers.Upgrade.Count == 1
            && exchange.Method == "GET"
            && string.Equals(headers.Upgrade.ToString(), "websocket", StringComparison.OrdinalIgnoreCase)
            && HopByHopFields.Nominated(headers.Connection).Contains("Upgrade")
            && exchange.CanUpgrade;
    }

    /// <summary>Tells whether an origin's 101 belongs to the request (RFC 6455 §4.2.2).</summary>
    public static bool IsAccepted(Exchange exchange, OriginResponse response)
    {
        var key = exchange.RequestHeaders.SecWebSocketKey.ToString();
#pragma warning disable CA5350 // RFC 6455 §4.2.2 demands SHA-1; it guards against confusion, not against attackers.
        var expected = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + AcceptSuffix)));
#pragma warning restore CA5350
        return response.Status == 101 && response.Fields["Sec-WebSocket-Accept"].ToString() == expected;
    }

    /// <summary>Switches the client's connection over, and passes bytes both ways until one side ends.</summary>
    public static async Task RunAsync(Exchange exchange, FieldList fields, ReferenceRewrite? rewrite, Stream origin)
    {
        foreach (var (name, values) in fields)
        {
            exchange.ResponseHeaders[name] = values;
        }

        rewrite?.Apply(exchange.ResponseHeaders);
        exchange.ResponseHeaders.Upgrade = "websocket";
        await using var client = await exchange.UpgradeAsync();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(exchange.ClientGone);
        var up = CopyAsync(client, origin, ended.Token);
        var down = CopyAsync(origin, client, ended.Token);
        await Task.WhenAny(up, down);
        await ended.CancelAsync();
        await Task.WhenAll(up, down);
    }

    // The tunnel ends when either direction ends, in whatever way. Nobody needs to know which side was at fault.
    private static async Task CopyAsync(Stream from, Stream to, CancellationToken ended)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReadAsync(buffer, ended) is var read and > 0)
            {
                await to.WriteAsync(buffer.AsMemory(0, read), ended);
                await to.FlushAsync(ended);
            }
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException or OriginException or ObjectDisposedException)
        { }
    }
}
