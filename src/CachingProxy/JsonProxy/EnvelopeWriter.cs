using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CachingProxy.Admin;
using CachingProxy.AspNetCore.Responses;
using CachingProxy.Core.Messages;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace CachingProxy.JsonProxy;

/// <summary>Writes a result as <c>{"success":...,"data":...}</c>: a prefix, the stored literal as it is, a suffix.</summary>
internal static class EnvelopeWriter
{
    private static readonly byte[] FromCache = """{"success":true,"source":"cache","data":"""u8.ToArray();
    private static readonly byte[] FromUpstream = """{"success":true,"source":"upstream","data":"""u8.ToArray();
    private static readonly byte[] End = "}"u8.ToArray();
    private static readonly byte[] EndOfBase64 = ",\"encoding\":\"base64\"}"u8.ToArray();

    public static async Task WriteAsync(HttpContext context, CacheResult result)
    {
        var response = context.Response;
        var isSuccess = result.Status is >= 200 and <= 299;
        var prefix =
            !isSuccess ? FailurePrefix(result.Status)
            : result.CacheStatus.IsHit ? FromCache
            : FromUpstream;
        var suffix =
            !result.Fields.Contains(JsonOrigin.EncodingField) ? End
            : result.Fields[JsonOrigin.CharsetField].ToString() is { Length: > 0 } charset ? EndOfUnknown(charset)
            : EndOfBase64;

        // The envelope always has content; a status that has none would lose it.
        response.StatusCode = result.Status is 204 or 205 or 304 ? 200 : result.Status;
        response.ContentType = "application/json";
        response.ContentLength = prefix.Length + result.Body.Length + suffix.Length;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.RetryAfter = result.Fields["Retry-After"];
        UpstreamFields.Write(context.Request.Headers[UpstreamFields.Name], result.Status, result.Fields, response.Headers);
        ResponseWriter.WriteCacheStatus(response.Headers, result.CacheStatus);
        if (context.Request.Method == "HEAD")
        {
            return;
        }

        response.BodyWriter.Write(prefix);
        await ResponseWriter.CopyAsync(context, result.Body);
        await response.BodyWriter.WriteAsync(suffix, context.RequestAborted);
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
