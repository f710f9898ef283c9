using CachingProxy.AspNetCore;
using CachingProxy.AspNetCore.Gate;
using CachingProxy.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace CachingProxy.Admin;

/// <summary><c>/metrics</c>: all instruments in Prometheus' text (docs/metrics.md).</summary>
/// <param name="services">The services of the server.</param>
/// <param name="collector">Collects the metrics; null where they are off.</param>
internal sealed class MetricsResource(IServiceProvider services, IDisposable? collector)
{
    // Made on first use, as the documentation is.
    private readonly Lazy<RequestDelegate> _page = new(() =>
    {
        var builder = new ApplicationBuilder(services);
        OpenTelemetryExport.MapMetrics(builder, collector!);
        return builder.Build();
    });

    public Task GetAsync(Exchange exchange, GuardedRequest guarded)
    {
        if (collector is null)
        {
            return new ApiError("not_found", "Metrics are off; --metrics turns them on.", 404).WriteAsync(exchange);
        }

        exchange.ResponseHeaders.CacheControl = "no-store";
        return exchange.PassToAsync(_page.Value);
    }
}
