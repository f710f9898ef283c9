namespace CachingProxy.Telemetry;

/// <summary>The forms of the access log.</summary>
public enum AccessLogFormat
{
    /// <summary>No access log.</summary>
    Off,

    /// <summary>Short and aligned, for people.</summary>
    Text,

    /// <summary>One JSON object a line, with everything.</summary>
    Json,

    /// <summary>The combined format of Apache and nginx, with outcome, reason, duration and trace after it.</summary>
    Combined,
}
