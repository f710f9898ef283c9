using CachingProxy.Core.Fetching;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Core.Telemetry;

/// <summary>Every message of the engine. Above Debug none holds a path, a query or a field.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "Fetching from {Authority} failed ({Error}): {Reason} {Cause}")]
    public static partial void FetchFailed(ILogger logger, string authority, OriginError error, string reason, string? cause);

    [LoggerMessage(2, LogLevel.Error, "A fetch from {Authority} broke in our own code")]
    public static partial void FillBroke(ILogger logger, string authority, Exception exception);
}
