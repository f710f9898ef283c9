namespace CachingProxy.Core.Telemetry;

/// <summary>The kinds of instruments.</summary>
public enum InstrumentKind
{
    /// <summary>A number that only grows.</summary>
    Counter,

    /// <summary>A number as of now.</summary>
    Gauge,

    /// <summary>A distribution.</summary>
    Histogram,
}
