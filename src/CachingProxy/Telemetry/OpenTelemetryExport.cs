using System.Collections;
using CachingProxy.Core.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
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

    // Gauges whose names Prometheus keeps for histograms.
    private static readonly string[] Refused = ["dotnet.assembly.count", "dotnet.process.cpu.count", "dotnet.timer.count"];

    /// <summary>
    /// Begins to collect metrics, for <c>/metrics</c> and, if wanted, for OTLP. Disposing of the returned object sends the metrics that
    /// have not been sent over OTLP yet.
    /// </summary>
    public static IDisposable CollectMetrics(OtlpSignals signals)
    {
        var builder = Sdk.CreateMeterProviderBuilder()
            .ConfigureResource(Describe)
            .AddMeter(Tracing.Name)
            // The measurements that .NET makes of its own garbage collector, threads and memory.
            .AddMeter("System.Runtime")
            .AddView(instrument =>
                Refused.Contains(instrument.Name) ? MetricStreamConfiguration.Drop : new() { CardinalityLimit = MaxSeries }
            )
            // Two scrapers that come at once each get the numbers as of now.
            .AddPrometheusExporter(page => page.ScrapeResponseCacheDurationMilliseconds = 0);
        return (signals.Metrics ? ExportMetrics(builder) : builder).Build();
    }

    // A method of its own, so that the exporter is loaded only if it is wanted.
    private static MeterProviderBuilder ExportMetrics(MeterProviderBuilder builder) => builder.AddOtlpExporter();

    /// <summary>Answers every request with the metrics in Prometheus' text.</summary>
    /// <param name="pages">The pipeline that answers.</param>
    /// <param name="collector">What <see cref="CollectMetrics"/> returned.</param>
    public static void MapMetrics(IApplicationBuilder pages, IDisposable collector) =>
        pages.UseOpenTelemetryPrometheusScrapingEndpoint((MeterProvider)collector, _ => true, null, null, null);

    /// <summary>Begins to export spans. Disposing of the returned object sends the spans that have not been sent yet.</summary>
    public static IDisposable ExportSpans() =>
        Sdk.CreateTracerProviderBuilder().ConfigureResource(Describe).AddSource(Tracing.Name).AddOtlpExporter().Build();

    /// <summary>Exports messages as well as writing them.</summary>
    /// <param name="logging">The log of messages.</param>
    /// <param name="configuration">The configuration of the server, in which the exporter of messages looks for the variables.</param>
    public static void ExportMessages(ILoggingBuilder logging, IConfigurationBuilder configuration)
    {
        configuration.AddInMemoryCollection(
            Environment
                .GetEnvironmentVariables()
                .Cast<DictionaryEntry>()
                .Select(variable => KeyValuePair.Create((string)variable.Key, (string?)variable.Value))
                .Where(variable => variable.Key.StartsWith("OTEL_", StringComparison.Ordinal))
        );
        logging.AddOpenTelemetry(messages =>
        {
            var resource = ResourceBuilder.CreateEmpty();
            Describe(resource);
            messages.IncludeFormattedMessage = true;
            messages.SetResourceBuilder(resource).AddOtlpExporter();
        });
    }

    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win over these.
    private static void Describe(ResourceBuilder resource) =>
        resource
            .Clear()
            .AddService(ProductName.Name, serviceVersion: ProductName.Version)
            .AddTelemetrySdk()
            .AddEnvironmentVariableDetector();
}
