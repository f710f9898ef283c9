namespace CachingProxy.Core.Telemetry;

/// <summary>The description of an instrument: its name, kind, unit, meaning and labels.</summary>
/// <param name="Name">The name, with OpenTelemetry's separators.</param>
/// <param name="Kind">The kind: a counter, a gauge or a histogram.</param>
/// <param name="Unit">The unit in UCUM: <c>s</c>, <c>By</c>, or a thing in braces.</param>
/// <param name="Meaning">The meaning of the number, in one sentence.</param>
/// <param name="Labels">The labels that tell its series apart; the values of each are bounded.</param>
public sealed record InstrumentDescription(string Name, InstrumentKind Kind, string Unit, string Meaning, params string[] Labels)
{
    /// <summary>The name in Prometheus' text: underscores, the unit, and <c>_total</c> after a counter.</summary>
    public string PrometheusName
    {
        get
        {
            var unit = Unit switch
            {
                "s" => "_seconds",
                "By" => "_bytes",
                _ => "",
            };
            var name = Name.Replace('.', '_');
            name = unit.Length > 0 && !name.EndsWith(unit, StringComparison.Ordinal) ? name + unit : name;
            return Kind == InstrumentKind.Counter ? name + "_total" : name;
        }
    }
}
