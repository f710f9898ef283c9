using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CachingProxy.Admin;
using CachingProxy.AspNetCore;
using CachingProxy.AspNetCore.Responses;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using Microsoft.AspNetCore.WebUtilities;

namespace CachingProxy.JsonProxy;

/// <summary>Writes a result as <c>{"success":...,"data":...}</c>: a prefix, the stored literal as it is, a suffix.</summary>
internal static class EnvelopeWriter
{
    private static readonly byte[] FromCache = """{"success":true,"source":"cache","data":"""u8.ToArray();
    private static readonly byte[] FromCacheStale = """{"success":true,"source":"cache","stale":true,"data":"""u8.ToArray();
    private static readonly byte[] FromUpstream = """{"success":true,"source":"upstream","data":"""u8.ToArray();
    private static readonly byte[] End = "}"u8.ToArray();
    private static readonly byte[] EndOfBase64 = ",\"encoding\":\"base64\"}"u8.ToArray();

    public static async Task WriteAsync(Exchange exchange, CacheResult result)
    {
        var headers = exchange.ResponseHeaders;
        var prefix = PrefixOf(result);
        var suffix = SuffixOf(result.Fields);

        // The envelope always has content, which a response with one of these statuses cannot have.
        exchange.Status = result.Status is 204 or 205 or 304 ? 200 : result.Status;
        headers.ContentType = "application/json";
        headers.ContentLength = prefix.Length + result.Body.Length + suffix.Length;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers.RetryAfter = result.Fields["Retry-After"];
        UpstreamFields.Write(exchange.RequestHeaders[UpstreamFields.Name], result.Status, result.Fields, headers);
        ResponseWriter.WriteCacheStatus(headers, result.CacheStatus);
        if (exchange.Method == "HEAD")
        {
            return;
        }

        exchange.Writer.Write(prefix);
        await ResponseWriter.CopyAsync(exchange, result.Body);
        await exchange.Writer.WriteAsync(suffix, exchange.ClientGone);
        ((IProgress<long>)exchange).Report(prefix.Length + suffix.Length);
    }

    private static byte[] PrefixOf(CacheResult result)
    {
        if (result.Status is < 200 or > 299)
        {
            return FailurePrefix(result.Status);
        }

        if (result.CacheStatus.IsStale)
        {
            return FromCacheStale;
        }

        return result.CacheStatus.IsHit ? FromCache : FromUpstream;
    }

    private static byte[] SuffixOf(FieldList fields)
    {
        if (!fields.Contains(JsonOrigin.EncodingField))
        {
            return End;
        }

        return fields[JsonOrigin.CharsetField].ToString() is { Length: > 0 } charset ? EndOfUnknown(charset) : EndOfBase64;
    }

    private static byte[] EndOfUnknown(string charset) =>
        Encoding.UTF8.GetBytes($",\"encoding\":\"base64\",\"charset\":\"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(charset)}\"}}");

    private static byte[] FailurePrefix(int status)
    {
        var message = $"The upstream answered {status} {ReasonPhrases.GetReasonPhrase(status)}".TrimEnd() + ".";
        var error = JsonSerializer.SerializeToUtf8Bytes(
            new ApiFailure(false, new ApiError("upstream_status", message, status)),
            ApiJson.Readable.ApiFailure
        );
        return [.. error.AsSpan(0, error.Length - 1), .. ",\"data\":"u8];
    }
}
