using System.Text.Json;
using CachingProxy.Core.Messages;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace CachingProxy.AspNetCore.Responses;

/// <summary>
/// Writes the errors that we make on forwarded paths: RFC 9457, and <c>Proxy-Status</c> (RFC 9209) where the origin is at fault.
/// </summary>
public static class ProblemWriter
{
    /// <summary>An error of the way to the origin, with what the cache did before it.</summary>
    public static Task WriteAsync(HttpContext context, CacheResult result)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(result);
        var failure = result.Failure ?? throw new ArgumentException("The result is no failure.", nameof(result));
        ResponseWriter.WriteCacheStatus(context.Response.Headers, result.CacheStatus);
        return WriteAsync(context, failure);
    }

    /// <summary>An error of the way to the origin.</summary>
    public static Task WriteAsync(HttpContext context, OriginException failure)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(failure);
        if (ProxyErrorType(failure.Error) is { } type)
        {
            context.Response.Headers["Proxy-Status"] = $"caching-proxy; error={type}";
        }

        RetryAfterField.Write(context.Response.Headers, failure);
        return WriteAsync(context, failure.Status, ErrorCodes.Of(failure.Error), failure.Message);
    }

    /// <summary>Any error.</summary>
    public static async Task WriteAsync(HttpContext context, int status, string code, string detail)
    {
        ArgumentNullException.ThrowIfNull(context);
        var response = context.Response;
        var json = ToJson(status, code, detail);
        response.StatusCode = status;
        response.ContentType = "application/problem+json";
        response.ContentLength = json.Length;
        response.Headers.CacheControl = "no-store";
        if (context.Request.Method != "HEAD")
        {
            await response.Body.WriteAsync(json, context.RequestAborted);
        }
    }

    /// <summary>A problem document by itself.</summary>
    public static byte[] ToJson(int status, string code, string detail) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new Problem($"/docs/reasons#{code}", ReasonPhrases.GetReasonPhrase(status), status, code, detail),
            ProblemJson.Readable.Problem
        );

    // RFC 9209 §2.3.
    private static string? ProxyErrorType(OriginError error) =>
        error switch
        {
            OriginError.Unreachable or OriginError.HeldDown => "destination_unavailable",
            OriginError.NameNotResolved => "dns_error",
            OriginError.ConnectionRefused => "connection_refused",
            OriginError.ConnectionTimeout => "connection_timeout",
            OriginError.CertificateRefused => "tls_certificate_error",
            OriginError.TlsFailed => "tls_protocol_error",
            OriginError.Overloaded => "connection_limit_reached",
            OriginError.Disconnected => "connection_terminated",
            OriginError.Timeout => "http_response_timeout",
            OriginError.InvalidResponse => "http_protocol_error",
            OriginError.Truncated => "http_response_incomplete",
            OriginError.ForbiddenTarget => "destination_ip_prohibited",
            OriginError.ClientContent or OriginError.ClientTimeout => "http_request_error",
            _ => null,
        };
}
