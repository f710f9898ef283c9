using CachingProxy.Telemetry;

namespace CachingProxy.Tests.Telemetry;

/// <summary>The standard variables say which signals are exported.</summary>
public class OtlpSignalsTests
{
    [Theory]
    [InlineData("", false, false, false)]
    [InlineData("OTEL_SERVICE_NAME=x", false, false, false)]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4317", true, true, true)]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4317 OTEL_SDK_DISABLED=true", false, false, false)]
    [InlineData("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://c:4317", true, false, false)]
    [InlineData("OTEL_METRICS_EXPORTER=otlp", false, true, false)]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4317 OTEL_LOGS_EXPORTER=none", true, true, false)]
    [InlineData("OTEL_LOGS_EXPORTER=console,otlp", false, false, true)]
    public void ASignalIsExported_IfItsVariableSaysSo(string variables, bool traces, bool metrics, bool logs)
    {
        var set = variables
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .ToDictionary(text => text.Split('=')[0], text => text.Split('=', 2)[1]);
        Assert.Equal(new OtlpSignals(traces, metrics, logs), OtlpSignals.Of(name => set.GetValueOrDefault(name)));
    }
}
