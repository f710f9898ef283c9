using CachingProxy.Telemetry;

namespace CachingProxy.Configuration;

/// <summary>The settings of logs and metrics.</summary>
internal static class TelemetrySettings
{
    public static IReadOnlyList<Setting> All { get; } =
    [
        new(
            "access-log",
            "FORMAT",
            "text on a terminal, off otherwise",
            "A line for each request: off, text, json, or combined",
            "give off, text, json or combined",
            (settings, texts) =>
                SettingValues.ParseEnum<AccessLogFormat>(texts[0]) is { } format ? settings with { AccessLog = format } : null
        ),
        new(
            "access-log-file",
            "FILE",
            "standard output",
            "File that takes the lines of --access-log (combined if no format is given); opened anew on SIGHUP",
            "give the path of a file",
            (settings, texts) => texts[0].Length > 0 ? settings with { AccessLogFile = texts[0] } : null
        ),
        new(
            "log-redact",
            "NAME",
            "none",
            "Query parameter whose value is masked in the access log, beside key, token, password and their kind; repeatable",
            "give the name of a query parameter",
            (settings, texts) =>
                texts.All(text => text.Any(char.IsLetterOrDigit)) ? settings with { RedactedParameters = [.. texts] } : null
        )
        {
            IsRepeatable = true,
        },
        new(
            "log-level",
            "LEVEL",
            "warning, and information of our own",
            "Least level of messages on standard error: trace, debug, information, warning, error, critical, none; or CATEGORY=LEVEL; "
                + "repeatable",
            "give trace, debug, information, warning, error, critical or none, or CATEGORY=LEVEL",
            (settings, texts) => LogLevels.Parse(texts) is { } levels ? settings with { LogLevels = levels } : null
        )
        {
            IsRepeatable = true,
        },
        new(
            "log-format",
            "FORMAT",
            "text",
            "Form of the messages on standard error: text or json",
            "give text or json",
            (settings, texts) => SettingValues.ParseEnum<LogFormat>(texts[0]) is { } format ? settings with { LogFormat = format } : null
        ),
        Setting.Switch(
            "metrics",
            isOn: true,
            "Measure requests, and answer /metrics in Prometheus' text",
            (settings, isOn) => settings with { Metrics = isOn }
        ),
    ];
}
