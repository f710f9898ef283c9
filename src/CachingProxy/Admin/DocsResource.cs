using CachingProxy.AspNetCore.Gate;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace CachingProxy.Admin;

/// <summary>
/// <c>/docs</c>, <c>/docs/reasons</c> and <c>/openapi.json</c>: what our own endpoints do, served from the program itself.
/// </summary>
internal sealed class DocsResource(IServiceProvider services)
{
    // Made on first use: Swagger UI would add a tenth of a second to every start.
    private readonly Lazy<RequestDelegate> _page = new(() =>
    {
        var builder = new ApplicationBuilder(services);
        builder.UseSwaggerUI(options =>
        {
            options.RoutePrefix = "docs";
            options.DocumentTitle = "caching-proxy";
            options.SwaggerEndpoint("/openapi.json", "caching-proxy");
        });
        builder.Run(new ApiError("not_found", "There is nothing of that name in the documentation.", 404).WriteAsync);
        return builder.Build();
    });

    public Task PageAsync(HttpContext context, GuardedRequest guarded) =>
        guarded.Path is ReasonsPage.Path ? WriteAsync(context, "text/html; charset=utf-8", ReasonsPage.Html) : _page.Value(context);

    private static async Task WriteAsync(HttpContext context, string type, byte[] content)
    {
        context.Response.ContentType = type;
        context.Response.ContentLength = content.Length;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        if (context.Request.Method != "HEAD")
        {
            await context.Response.Body.WriteAsync(content, context.RequestAborted);
        }
    }

    public static async Task DocumentAsync(HttpContext context, GuardedRequest guarded)
    {
        await using var document = typeof(DocsResource).Assembly.GetManifestResourceStream("openapi.json")!;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = document.Length;
        if (context.Request.Method != "HEAD")
        {
            await document.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
    }
}
