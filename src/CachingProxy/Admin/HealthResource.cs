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

    private static Task WriteAsync(HttpContext context, int status, string state) =>
        ApiAnswer.WriteAsync(context, status, new ApiHealth(state), ApiJson.Readable.ApiHealth);
}
