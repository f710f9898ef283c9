namespace CachingProxy.Core.Telemetry;

/// <summary>Makes instruments, and keeps them in the order in which they were made.</summary>
internal static class InstrumentList
{
    /// <summary>The instruments that were made so far.</summary>
    public static List<InstrumentDescription> Listed { get; } = [];

    /// <summary>Makes a number that only grows.</summary>
    public static InstrumentDescription Counter(string name, string unit, string meaning, params string[] labels) =>
        List(new(name, InstrumentKind.Counter, unit, meaning, labels));

    /// <summary>Makes a number as of now.</summary>
    public static InstrumentDescription Gauge(string name, string unit, string meaning, params string[] labels) =>
        List(new(name, InstrumentKind.Gauge, unit, meaning, labels));

    /// <summary>Makes a distribution.</summary>
    public static InstrumentDescription Histogram(string name, string unit, string meaning, params string[] labels) =>
        List(new(name, InstrumentKind.Histogram, unit, meaning, labels));

    private static InstrumentDescription List(InstrumentDescription instrument)
    {
        Listed.Add(instrument);
        return instrument;
    }
}
