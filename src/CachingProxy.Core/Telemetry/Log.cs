using CachingProxy.Core.Fetching;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Core.Telemetry;

/// <summary>Every message of the engine. Above Debug none holds a path, a query or a field.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 1, Message = "Fetching from {Authority} failed ({Error}): {Reason} {Cause} {Others}")]
    public static partial void FetchFailed(ILogger logger, LogLevel level, string authority, OriginError error, string reason, string? cause, string others);

    [LoggerMessage(2, LogLevel.Error, "A fetch from {Authority} broke in our own code")]
    public static partial void FillBroke(ILogger logger, string authority, Exception exception);

    [LoggerMessage(3, LogLevel.Warning, "{Authority} has failed {Failures} times and is not asked for {Hold}")]
    public static partial void OriginIsHeldDown(ILogger logger, string authority, int failures, TimeSpan hold);

    [LoggerMessage(4, LogLevel.Information, "{Authority} answers again")]
    public static partial void OriginIsBack(ILogger logger, string authority);
}
