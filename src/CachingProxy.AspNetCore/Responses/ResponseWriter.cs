using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.AspNetCore.Responses;

/// <summary>Writes an answer of the engine to a client, and never lets a broken one look whole.</summary>
public static class ResponseWriter
{
    /// <summary>Writes head and content. Where the content breaks off after the head was sent, the connection is cut.</summary>
    /// <exception cref="OriginException">The content broke off before anything was sent: another response can still be sent.</exception>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public static Task WriteAsync(Exchange exchange, CacheResult result) => WriteAsync(exchange, result, null);

    /// <summary>Writes head and content, with references in the head rewritten.</summary>
    internal static async Task WriteAsync(Exchange exchange, CacheResult result, ReferenceRewrite? rewrite)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        ArgumentNullException.ThrowIfNull(result);
        WriteHead(exchange, result);
        rewrite?.Apply(exchange.ResponseHeaders);
        if (IsWithoutContent(exchange.Method, result.Status))
        {
            return;
        }

        if (ServerSentEvents.AreIn(result.Fields))
        {
            // The first event may be hours away; the client wants to know before then that it is connected.
            await exchange.Writer.FlushAsync(exchange.ClientGone);
        }

        await CopyAsync(exchange, result.Body);
    }

    /// <summary>Writes content after a head that is set already.</summary>
    /// <exception cref="OriginException">The content broke off, and nothing has been sent.</exception>
    public static async Task CopyAsync(Exchange exchange, ResponseBody body)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        ArgumentNullException.ThrowIfNull(body);
        try
        {
            if (TakesTrailers(exchange))
            {
                exchange.ResponseHeaders.TransferEncoding = "chunked";
                var writer = new ChunkedWriter(exchange.Writer);
                await body.CopyToAsync(writer, exchange.ClientGone, exchange);
                await writer.EndAsync(body.Trailers, exchange.ClientGone);
                return;
            }

            await body.CopyToAsync(exchange.Writer, exchange.ClientGone, exchange);
        }
        catch (OriginException failure) when (exchange.HasStarted)
        {
            exchange.ErrorCode = ErrorCodes.Of(failure.Error);
            exchange.Abort();
        }
    }

    /// <summary>Adds the fields that say how this exchange went: <c>Cache-Status</c> and <c>X-Cache</c>.</summary>
    public static void WriteCacheStatus(IHeaderDictionary headers, CacheStatus status)
    {
        ArgumentNullException.ThrowIfNull(headers);
        ArgumentNullException.ThrowIfNull(status);

        // RFC 9211 §2: the list begins with the cache nearest to the origin, so we append ourselves at its end.
        var before = headers["Cache-Status"];
        headers["Cache-Status"] = before.Count == 0 ? status.ToString() : StringValues.Concat(before, status.ToString());
        headers["X-Cache"] = status.IsHit ? "HIT" : "MISS";
    }

    private static void WriteHead(Exchange exchange, CacheResult result)
    {
        var headers = exchange.ResponseHeaders;
        exchange.Status = result.Status;
        foreach (var (name, values) in result.Fields.AsSpan())
        {
            headers[name] = values;
        }

        if (result.Age is { } age)
        {
            headers.Age = WholeSeconds.ToText(age);
        }

        WriteCacheStatus(headers, result.CacheStatus);
        headers.ContentLength = result.Status switch
        {
            204 or 304 => null,
            205 => 0,
            _ => result.Body.Length,
        };
    }

    // RFC 9110 §6.5.1, §10.1.4: a client that sends `TE: trailers` takes fields after the content, where the framing has room for them.
    private static bool TakesTrailers(Exchange exchange) =>
        exchange.CanBeFramed
        && exchange.RequestHeaders.GetCommaSeparatedValues("TE").Contains("trailers", StringComparer.OrdinalIgnoreCase);

    private static bool IsWithoutContent(string method, int status) => method == "HEAD" || status is 204 or 205 or 304;
}
