using CachingProxy.Core.Messages;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Core.Telemetry;

/// <summary>Every message of the engine. None holds a query or a field: they may be secret.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 1, Message = "{Method} {Authority}{Path} failed ({Error}): {Reason}{Cause}{Others}")]
    public static partial void FetchFailed(
        ILogger logger,
        LogLevel level,
        string method,
        string authority,
        string path,
        OriginError error,
        string reason,
        string cause,
        string others
    );

    [LoggerMessage(2, LogLevel.Error, "A fetch from {Authority} broke in our own code")]
    public static partial void FillBroke(ILogger logger, string authority, Exception exception);

    [LoggerMessage(
        3,
        LogLevel.Warning,
        "{Failures} requests in a row to {Authority} failed, the last one because: {Reason} The next try is in {Hold} s"
    )]
    public static partial void OriginIsHeldDown(ILogger logger, string authority, int failures, string reason, string hold);

    [LoggerMessage(4, LogLevel.Information, "{Authority} answers again")]
    public static partial void OriginIsBack(ILogger logger, string authority);
}
