using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CachingProxy.AspNetCore;

namespace CachingProxy.Admin;

/// <summary>Writes a contract record as the whole answer of one of our own endpoints.</summary>
internal static class ApiAnswer
{
    public static async Task WriteAsync<T>(Exchange exchange, int status, T contract, JsonTypeInfo<T> type)
    {
        exchange.Status = status;
        exchange.ResponseHeaders.ContentType = "application/json";
        exchange.ResponseHeaders.CacheControl = "no-store";
        // This field shows clients, such as --clear-cache, that this proxy answered and no other server.
        exchange.ResponseHeaders.Server = ProductName.Name;
        await exchange.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(contract, type));
    }
}
