using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace CachingProxy.Admin;

/// <summary>Writes a contract record as the whole answer of one of our own endpoints.</summary>
internal static class ApiAnswer
{
    public static async Task WriteAsync<T>(HttpContext context, int status, T contract, JsonTypeInfo<T> type)
    {
        var response = context.Response;
        var json = JsonSerializer.SerializeToUtf8Bytes(contract, type);
        response.StatusCode = status;
        response.ContentType = "application/json";
        response.ContentLength = json.Length;
        response.Headers.CacheControl = "no-store";
        // So that whoever asks knows that it was we who answered.
        response.Headers.Server = ProductName.Name;
        if (context.Request.Method != "HEAD")
        {
            await response.Body.WriteAsync(json, context.RequestAborted);
        }
    }
}
