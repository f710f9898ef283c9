using System.Text.Json;
using CachingProxy.AspNetCore.Requests;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace CachingProxy.Admin;

/// <summary><c>/healthz</c>: the process lives. <c>/readyz</c>: it takes requests, and is not about to stop.</summary>
internal sealed class HealthResource(IHostApplicationLifetime lifetime)
{
    public static Task LiveAsync(HttpContext context, GuardedRequest guarded) => WriteAsync(context, 200, "ok");

    public Task ReadyAsync(HttpContext context, GuardedRequest guarded) =>
        lifetime.ApplicationStopping.IsCancellationRequested ? WriteAsync(context, 503, "stopping") : WriteAsync(context, 200, "ready");

    private static async Task WriteAsync(HttpContext context, int status, string state)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(new ApiHealth(state), ApiJson.Default.ApiHealth);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = json.Length;
        context.Response.Headers.CacheControl = "no-store";
        if (context.Request.Method != "HEAD")
        {
            await context.Response.Body.WriteAsync(json, context.RequestAborted);
        }
    }
}
