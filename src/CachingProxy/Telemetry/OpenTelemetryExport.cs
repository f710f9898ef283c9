using CachingProxy.Core.Telemetry;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace CachingProxy.Telemetry;

/// <summary>
/// Exports signals by the SDK of OpenTelemetry. The only file that names it, so that nothing of it is loaded unless something is exported.
/// </summary>
internal static class OpenTelemetryExport
{
    // One series for each reason and outcome of each face, and some more.
    private const int MaxSeries = 4000;

    /// <summary>Begins to collect metrics, for <c>/metrics</c> and, if wanted, for OTLP. Disposing what is returned sends the rest.</summary>
    public static MeterProvider CollectMetrics(OtlpSignals signals)
    {
        var builder = Sdk.CreateMeterProviderBuilder()
            .ConfigureResource(Describe)
            .AddMeter(Tracing.Name)
            // The collector, the threads and the memory of .NET, which it measures by itself.
            .AddMeter("System.Runtime")
            .AddView(instrument => new MetricStreamConfiguration { CardinalityLimit = MaxSeries })
            .AddPrometheusExporter();
        return (signals.Metrics ? builder.AddOtlpExporter() : builder).Build();
    }

    /// <summary>Begins to export spans. Disposing what is returned sends the rest.</summary>
    public static TracerProvider ExportSpans() =>
        Sdk.CreateTracerProviderBuilder().ConfigureResource(Describe).AddSource(Tracing.Name).AddOtlpExporter().Build();

    /// <summary>Exports messages as well as writing them.</summary>
    public static void ExportMessages(ILoggingBuilder logging) =>
        logging.AddOpenTelemetry(messages =>
        {
            messages.IncludeFormattedMessage = true;
            messages.SetResourceBuilder(ResourceBuilder.CreateDefault().AddService(ProductName.Name, serviceVersion: ProductName.Version));
            messages.AddOtlpExporter();
        });

    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win over these.
    private static void Describe(ResourceBuilder resource) =>
        resource
            .Clear()
            .AddService(ProductName.Name, serviceVersion: ProductName.Version)
            .AddTelemetrySdk()
            .AddEnvironmentVariableDetector();
}
