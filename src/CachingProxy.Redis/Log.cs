using Microsoft.Extensions.Logging;

namespace CachingProxy.Redis;

/// <summary>Every message of this tier.</summary>
internal static partial class Log
{
    [LoggerMessage(300, LogLevel.Warning, "Redis at {Server} does not answer ({Reason}); the proxy goes on without it")]
    public static partial void Lost(ILogger logger, string server, string reason);

    [LoggerMessage(301, LogLevel.Information, "Redis at {Server} answers")]
    public static partial void Found(ILogger logger, string server);

    [LoggerMessage(302, LogLevel.Warning, "Redis at {Server} refused a call: {Reason}")]
    public static partial void Refused(ILogger logger, string server, string reason);

    [LoggerMessage(303, LogLevel.Warning, "The log of purges in Redis was lost or replaced; all responses stored before are fetched again")]
    public static partial void EpochChanged(ILogger logger);

    [LoggerMessage(304, LogLevel.Warning, "An entry in Redis could not be read ({Reason}), and is removed")]
    public static partial void Damaged(ILogger logger, string reason);

    [LoggerMessage(305, LogLevel.Error, "Redis at {Server} is not used: {Reason}")]
    public static partial void NotUsed(ILogger logger, string server, string reason);

    [LoggerMessage(
        306,
        LogLevel.Warning,
        "Redis at {Server} holds entries of an earlier version; they are ignored and left to expire, and the cache fills again"
    )]
    public static partial void EarlierVersion(ILogger logger, string server);
}
