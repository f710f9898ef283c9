using CachingProxy.Configuration;
using CachingProxy.Core.Telemetry;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Telemetry;

/// <summary>
/// The observers of requests: metrics, access log and spans. Disposing of this object writes and sends everything that still waits.
/// </summary>
internal sealed class Monitoring : IAsyncDisposable
{
    private readonly List<IDisposable> _providers = [];
    private readonly ThreadWatch? _threads;

    private Monitoring(ProxySettings settings, OtlpSignals signals, TimeProvider time, CacheEvents events, ILoggerFactory loggers)
    {
        Events = events;
        HasLogFile = settings.AccessLogFile is not null;
        Events.Add(Statistics);
        if (settings.Metrics || signals.Metrics)
        {
            Metrics = new CacheMetrics(OriginsOf(settings));
            _threads = new ThreadWatch(time);
            Metrics.Observe(Instruments.ThreadStalls, () => _threads.Stalls);
            Events.Add(Metrics);
        }

        if (settings.AccessLog is { } format and not AccessLogFormat.Off)
        {
            var output = new LogOutput(settings.AccessLogFile);
            Open(output, settings.AccessLogFile);
            AccessLog = new AccessLog(LineOf(format, settings, time), output, time, loggers.CreateLogger<AccessLog>());
            Metrics?.Observe(Instruments.DroppedLines, () => AccessLog.Dropped);
            Events.Add(AccessLog);
        }
    }

    /// <summary>The events of requests, fills and purges.</summary>
    public CacheEvents Events { get; }

    /// <summary>The numbers for our own endpoints.</summary>
    public Statistics Statistics { get; } = new();

    /// <summary>The metrics; null where they are off.</summary>
    public CacheMetrics? Metrics { get; }

    /// <summary>Tells whether a file is configured for the access log, also while the log is off.</summary>
    public bool HasLogFile { get; }

    /// <summary>The access log; null where there is none.</summary>
    public AccessLog? AccessLog { get; }

    /// <summary>Collects the metrics for <c>/metrics</c>; null where they are off.</summary>
    public IDisposable? Collector { get; private set; }

    /// <summary>Starts the metrics, the access log and the spans, as far as the settings and the signals ask for them.</summary>
    /// <exception cref="LogFileException">The file of the access log cannot be written.</exception>
    public static Monitoring Start(
        ProxySettings settings,
        OtlpSignals signals,
        TimeProvider time,
        CacheEvents events,
        ILoggerFactory loggers
    )
    {
        var monitoring = new Monitoring(settings, signals, time, events, loggers);
        if (monitoring.Metrics is not null)
        {
            monitoring.CollectMetrics(signals);
        }

        if (signals.Traces)
        {
            monitoring._providers.Add(OpenTelemetryExport.ExportSpans());
        }

        return monitoring;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _providers.ForEach(provider => provider.Dispose());
        Metrics?.Dispose();
        _threads?.Dispose();
        await (AccessLog?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    private static void Open(LogOutput output, string? path)
    {
        try
        {
            output.Open();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new LogFileException(path ?? "-", failure);
        }
    }

    // A method of its own, so that nothing of OpenTelemetry is loaded unless this method is called.
    private void CollectMetrics(OtlpSignals signals)
    {
        Collector = OpenTelemetryExport.CollectMetrics(signals);
        _providers.Add(Collector);
    }

    private static IAccessLine LineOf(AccessLogFormat format, ProxySettings settings, TimeProvider time)
    {
        var redaction = new Redaction(settings.RedactedParameters);
        var isTerminal = settings.AccessLogFile is null && !Console.IsOutputRedirected;
        return format switch
        {
            AccessLogFormat.Json => new JsonLine(redaction),
            AccessLogFormat.Combined => new CombinedLine(redaction),
            _ => new TextLine(redaction, isTerminal ? new ReasonHints(time) : null, isTerminal && !IsWithoutColors, time),
        };
    }

    // https://no-color.org
    private static bool IsWithoutColors => Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 };

    // The origins that labels of metrics name: the configured one, if there is one. All others are counted as "other".
    private static IEnumerable<string> OriginsOf(ProxySettings settings) =>
        settings.Origin is null ? [] : [new Http.Targets.OriginBase(settings.Origin).Authority];
}
