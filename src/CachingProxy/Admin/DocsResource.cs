using CachingProxy.AspNetCore;
using CachingProxy.AspNetCore.Gate;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace CachingProxy.Admin;

/// <summary>
/// Answers <c>/docs</c>, <c>/docs/reasons</c> and <c>/openapi.json</c>: the documentation of our own endpoints and error codes, which is
/// embedded in the program.
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
        builder.Run(context =>
            new ApiError("not_found", "There is nothing of that name in the documentation.", 404).WriteAsync(Exchange.Of(context))
        );
        return builder.Build();
    });

    // One byte array, embedded in the program.
    private static readonly Lazy<byte[]> Document = new(() =>
    {
        using var document = typeof(DocsResource).Assembly.GetManifestResourceStream("openapi.json")!;
        var bytes = new byte[document.Length];
        document.ReadExactly(bytes);
        return bytes;
    });

    public Task PageAsync(Exchange exchange, GuardedRequest guarded) =>
        guarded.Path is ReasonsPage.Path
            ? WriteAsync(exchange, "text/html; charset=utf-8", ReasonsPage.Html)
            : exchange.PassToAsync(_page.Value);

    public static Task DocumentAsync(Exchange exchange, GuardedRequest guarded) => WriteAsync(exchange, "application/json", Document.Value);

    private static Task WriteAsync(Exchange exchange, string type, byte[] content)
    {
        exchange.ResponseHeaders.ContentType = type;
        exchange.ResponseHeaders.XContentTypeOptions = "nosniff";
        return exchange.WriteAsync(content);
    }
}
