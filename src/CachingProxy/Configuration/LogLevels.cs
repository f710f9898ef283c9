using Microsoft.Extensions.Logging;

namespace CachingProxy.Configuration;

/// <summary>The least level of each category of the log. Immutable.</summary>
/// <param name="All">The level for all categories that are not named; null for the default.</param>
/// <param name="Named">The levels of categories, and of all below them, by name.</param>
public sealed record LogLevels(LogLevel? All, IReadOnlyDictionary<string, LogLevel> Named)
{
    /// <summary>Nothing is set.</summary>
    public static LogLevels Default { get; } = new(null, new Dictionary<string, LogLevel>());

    /// <summary>Reads levels: <c>LEVEL</c>, or <c>CATEGORY=LEVEL</c>; returns null where one cannot be read.</summary>
    internal static LogLevels? Parse(IReadOnlyList<string> texts)
    {
        LogLevel? all = null;
        var named = new Dictionary<string, LogLevel>();
        foreach (var text in texts)
        {
            var parts = text.Split('=', 2, StringSplitOptions.TrimEntries);
            if (LevelOf(parts[^1]) is not { } level || parts[0].Length == 0)
            {
                return null;
            }

            if (parts.Length == 1)
            {
                all = level;
            }
            else
            {
                named[parts[0]] = level;
            }
        }

        return new LogLevels(all, named);
    }

    private static LogLevel? LevelOf(string text) =>
        text.ToLowerInvariant() switch
        {
            "trace" => LogLevel.Trace,
            "debug" => LogLevel.Debug,
            "information" or "info" => LogLevel.Information,
            "warning" or "warn" => LogLevel.Warning,
            "error" => LogLevel.Error,
            "critical" => LogLevel.Critical,
            "none" or "off" => LogLevel.None,
            _ => null,
        };
}
