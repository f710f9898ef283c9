namespace CachingProxy.Telemetry;

/// <summary>
/// The signals that are exported over OTLP, by the standard variables of OpenTelemetry. If exporters are named for a signal, the signal is
/// exported if <c>otlp</c> is one of them. Otherwise it is exported if an endpoint is named, for all signals or for this one. The SDK
/// itself reads the endpoint, protocol, sampler and resource.
/// </summary>
/// <param name="Traces">Whether spans are exported.</param>
/// <param name="Metrics">Whether metrics are exported.</param>
/// <param name="Logs">Whether messages are exported.</param>
internal sealed record OtlpSignals(bool Traces, bool Metrics, bool Logs)
{
    /// <summary>Reads the variables.</summary>
    /// <param name="variable">Returns the value of a variable; null where it is not set.</param>
    public static OtlpSignals Of(Func<string, string?> variable)
    {
        if (string.Equals(variable("OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase))
        {
            return new OtlpSignals(false, false, false);
        }

        return new OtlpSignals(IsWanted("TRACES"), IsWanted("METRICS"), IsWanted("LOGS"));

        bool IsWanted(string signal)
        {
            if (variable($"OTEL_{signal}_EXPORTER") is { Length: > 0 } exporters)
            {
                return exporters.Split(',', StringSplitOptions.TrimEntries).Contains("otlp", StringComparer.OrdinalIgnoreCase);
            }

            return variable("OTEL_EXPORTER_OTLP_ENDPOINT") is { Length: > 0 }
                || variable($"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT") is { Length: > 0 };
        }
    }
}
