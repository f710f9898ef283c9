using System.Text.Json;
using CachingProxy.Core.Messages;
using Microsoft.AspNetCore.WebUtilities;

namespace CachingProxy.AspNetCore.Responses;

/// <summary>
/// Writes the errors that we make on forwarded paths, in the format of RFC 9457. Adds <c>Proxy-Status</c> (RFC 9209) where that RFC has a
/// type for the error.
/// </summary>
public static class ProblemWriter
{
    /// <summary>
    /// Writes an error on the way to the origin, with <c>Cache-Status</c> and <c>X-Cache</c> for what the cache did before the error.
    /// </summary>
    public static Task WriteAsync(Exchange exchange, CacheResult result)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        ArgumentNullException.ThrowIfNull(result);
        var failure = result.Failure ?? throw new ArgumentException("The result is no failure.", nameof(result));
        ResponseWriter.WriteCacheStatus(exchange.ResponseHeaders, result.CacheStatus);
        return WriteAsync(exchange, failure);
    }

    /// <summary>Writes an error on the way to the origin.</summary>
    public static Task WriteAsync(Exchange exchange, OriginException failure)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        ArgumentNullException.ThrowIfNull(failure);
        if (ProxyErrorType(failure.Error) is { } type)
        {
            exchange.ResponseHeaders["Proxy-Status"] = $"caching-proxy; error={type}";
        }

        RetryAfterField.Write(exchange.ResponseHeaders, failure);
        return WriteAsync(exchange, failure.Status, ErrorCodes.Of(failure.Error), failure.Message);
    }

    /// <summary>Writes any error.</summary>
    public static async Task WriteAsync(Exchange exchange, int status, string code, string detail)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        exchange.Status = status;
        exchange.ErrorCode = code;
        exchange.ResponseHeaders.ContentType = "application/problem+json";
        exchange.ResponseHeaders.CacheControl = "no-store";
        await exchange.WriteAsync(ToJson(status, code, detail));
    }

    /// <summary>Returns a problem document by itself.</summary>
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
