using Microsoft.Extensions.Logging;

namespace CachingProxy.Redis;

/// <summary>Every message of this tier.</summary>
internal static partial class Log
{
    [LoggerMessage(300, LogLevel.Warning, "Redis at {Host}:{Port} does not answer: {Reason} The proxy goes on without it")]
    public static partial void Lost(ILogger logger, string host, int port, string reason);

    [LoggerMessage(301, LogLevel.Information, "Redis at {Host}:{Port} answers")]
    public static partial void Found(ILogger logger, string host, int port);

    [LoggerMessage(302, LogLevel.Warning, "Redis at {Host}:{Port} refused: {Reason}")]
    public static partial void Refused(ILogger logger, string host, int port, string reason);

    [LoggerMessage(303, LogLevel.Warning, "The purges in Redis are not those that were known here; what was fetched before is fetched again")]
    public static partial void EpochChanged(ILogger logger);
}
