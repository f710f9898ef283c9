using CachingProxy.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace CachingProxy.Telemetry;

/// <summary>Sets up the log of messages: lines on standard error, with the time, that hold nobody up.</summary>
internal static class Messages
{
    private const string TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";

    // Lines beyond the queue are dropped, and the next line tells how many.
    private const int MaxQueued = 1024;

    /// <summary>Configures the log, by the settings and by the standard variables (<c>Logging__LogLevel__CATEGORY</c>).</summary>
    public static void Configure(ILoggingBuilder logging, ProxySettings settings)
    {
        if (settings.LogFormat == LogFormat.Json)
        {
            logging.AddJsonConsole(console => (console.UseUtcTimestamp, console.TimestampFormat) = (true, TimestampFormat.Trim()));
        }
        else
        {
            logging.AddSimpleConsole(console =>
                (console.SingleLine, console.UseUtcTimestamp, console.TimestampFormat) = (true, true, TimestampFormat)
            );
        }

        logging
            .SetMinimumLevel(settings.LogLevels.All ?? LogLevel.Warning)
            // Messages about recoveries have the level Information. They are logged as well as the warnings about losses.
            .AddFilter("CachingProxy", settings.LogLevels.All ?? LogLevel.Information)
            // The command itself reports a failure to start, in one line.
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None)
            // With logging enabled, hosting makes an Activity for every request, which costs as much as a look-up.
            .AddFilter("Microsoft.AspNetCore.Hosting", LogLevel.None)
            .AddConfiguration(new ConfigurationBuilder().AddEnvironmentVariables("Logging__").Build());
        foreach (var (category, level) in settings.LogLevels.Named)
        {
            logging.AddFilter(category, level);
        }

        logging.Services.Configure<ConsoleLoggerOptions>(console =>
        {
            console.LogToStandardErrorThreshold = LogLevel.Trace;
            console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite;
            console.MaxQueueLength = MaxQueued;
        });
    }
}
