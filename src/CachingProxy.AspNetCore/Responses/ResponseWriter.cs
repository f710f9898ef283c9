using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.AspNetCore.Responses;

/// <summary>Writes an answer of the engine to a client, and never lets a broken one look whole.</summary>
public static class ResponseWriter
{
    /// <summary>Writes head and content. Where the content breaks off after the head was sent, the connection is cut.</summary>
    /// <exception cref="OriginException">The content broke off, and nothing has been sent: another answer can be.</exception>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public static Task WriteAsync(HttpContext context, CacheResult result) => WriteAsync(context, result, null);

    /// <summary>Writes head and content, with references in the head rewritten.</summary>
    internal static async Task WriteAsync(HttpContext context, CacheResult result, ReferenceRewrite? rewrite)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(result);
        WriteHead(context, result);
        rewrite?.Apply(context.Response.Headers);
        if (IsWithoutContent(context.Request.Method, result.Status))
        {
            return;
        }

        if (ServerSentEvents.AreIn(result.Fields))
        {
            // Its first event may be hours away; the client wants to know before that it is connected.
            await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        }

        await CopyAsync(context, result.Body);
    }

    /// <summary>Writes content after a head that is set already.</summary>
    /// <exception cref="OriginException">The content broke off, and nothing has been sent.</exception>
    public static async Task CopyAsync(HttpContext context, ResponseBody body)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(body);
        try
        {
            if (TakesTrailers(context))
            {
                context.Response.Headers.TransferEncoding = "chunked";
                var writer = new ChunkedWriter(context.Response.BodyWriter);
                await body.CopyToAsync(writer, context.RequestAborted);
                await writer.EndAsync(body.Trailers, context.RequestAborted);
                return;
            }

            await body.CopyToAsync(context.Response.BodyWriter, context.RequestAborted);
        }
        catch (OriginException) when (context.Response.HasStarted)
        {
            context.Abort();
        }
    }

    /// <summary>Adds what says how this exchange went: <c>Cache-Status</c> and <c>X-Cache</c>.</summary>
    public static void WriteCacheStatus(IHeaderDictionary headers, CacheStatus status)
    {
        ArgumentNullException.ThrowIfNull(headers);
        ArgumentNullException.ThrowIfNull(status);

        // RFC 9211 §2: the list begins with the cache nearest to the origin; we come after those before us.
        var before = headers["Cache-Status"];
        headers["Cache-Status"] = before.Count == 0 ? status.ToString() : StringValues.Concat(before, status.ToString());
        headers["X-Cache"] = status.IsHit ? "HIT" : "MISS";
    }

    private static void WriteHead(HttpContext context, CacheResult result)
    {
        var response = context.Response;
        var headers = response.Headers;
        response.StatusCode = result.Status;
        foreach (var (name, values) in result.Fields.AsSpan())
        {
            headers[name] = values;
        }

        if (result.Age is { } age)
        {
            headers.Age = WholeSeconds.ToText(age);
        }

        WriteCacheStatus(headers, result.CacheStatus);
        headers.ContentLength =
            result.Status is 204 or 304 ? null
            : result.Status == 205 ? 0
            : result.Body.Length;
    }

    // RFC 9110 §6.5.1, §10.1.4: a client that says so takes fields after the content, where the framing has room for them.
    private static bool TakesTrailers(HttpContext context) =>
        context.Response is { HasStarted: false, ContentLength: null }
        && HttpProtocol.IsHttp11(context.Request.Protocol)
        // What stands between us and Kestrel, such as compression, would take our framing for content.
        && context.Features.Get<IHttpResponseBodyFeature>()?.GetType().Assembly == typeof(KestrelServer).Assembly
        && context.Request.Headers.GetCommaSeparatedValues("TE").Contains("trailers", StringComparer.OrdinalIgnoreCase);

    private static bool IsWithoutContent(string method, int status) => method == "HEAD" || status is 204 or 205 or 304;
}
