using System.Net.Sockets;
using CachingProxy.Core.Messages;

namespace CachingProxy.Http.Upstream;

/// <summary>Classifies exceptions on the way to the origin as <see cref="OriginException"/>s.</summary>
internal static class OriginFailures
{
    /// <summary>
    /// Returns the <see cref="OriginException"/> for an exception; null where the exception has another cause, such as a caller that gave
    /// up.
    /// </summary>
    public static OriginException? Classify(Exception failure, SilenceLimit silence)
    {
        if (silence.Reason is { } reason)
        {
            return reason;
        }

        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (cause is OriginException known)
            {
                return known;
            }
        }

        return failure switch
        {
            OperationCanceledException when failure.InnerException is TimeoutException => new OriginException(
                OriginError.ConnectionTimeout,
                "The origin did not accept a connection in time.",
                failure
            ),
            OperationCanceledException when silence.IsReached => new OriginException(
                OriginError.Timeout,
                "The origin did not answer in time.",
                failure
            ),
            HttpRequestException
            {
                HttpRequestError: HttpRequestError.InvalidResponse
                    or HttpRequestError.ConfigurationLimitExceeded
                    or HttpRequestError.HttpProtocolError
                    or HttpRequestError.VersionNegotiationError
            } => new OriginException(OriginError.InvalidResponse, "The origin's answer is not a valid HTTP response.", failure),
            HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => new OriginException(
                OriginError.TlsFailed,
                TlsFault(failure),
                failure.GetBaseException()
            ),
            HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } when IsTimeout(failure) => new OriginException(
                OriginError.ConnectionTimeout,
                "The origin did not accept a connection in time.",
                failure
            ),
            HttpRequestException { HttpRequestError: HttpRequestError.ProxyTunnelError } => new OriginException(
                OriginError.Unreachable,
                "The proxy on the way to the origin did not connect to it.",
                failure
            ),
            HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError } =>
                new OriginException(OriginError.Unreachable, "The origin could not be reached.", failure),
            // The handler accesses the socket of a new connection outside of its exception wrapping: a socket that is already closed throws
            // a bare SocketException.
            HttpRequestException or SocketException => new OriginException(
                OriginError.Disconnected,
                "The connection to the origin broke before it had answered.",
                failure
            ),
            IOException => new OriginException(OriginError.Truncated, "The origin's response ended before it was whole.", failure),
            ObjectDisposedException => new OriginException(OriginError.Disconnected, "The proxy is shutting down.", failure),
            _ => null,
        };
    }

    // The platform tells these faults apart only by message text; tests check the texts.
    private static string TlsFault(Exception failure)
    {
        var words = failure.ToString();
        if (words.Contains("frame size", StringComparison.Ordinal) || words.Contains("wrong version number", StringComparison.Ordinal))
        {
            return "The origin does not speak TLS on this port; perhaps --origin should begin with http://.";
        }

        if (
            words.Contains("protocol version", StringComparison.Ordinal) || words.Contains("unsupported protocol", StringComparison.Ordinal)
        )
        {
            return "The origin speaks no version of TLS that is safe enough; it needs 1.2 or 1.3.";
        }

        if (words.Contains("handshake failure", StringComparison.Ordinal) || words.Contains("no shared cipher", StringComparison.Ordinal))
        {
            return "The origin and this machine have no version of TLS, or no cipher, in common; 1.2 or 1.3 is needed.";
        }

        if (words.Contains("unexpected EOF", StringComparison.Ordinal) || words.Contains("EOF", StringComparison.Ordinal))
        {
            return "The origin closed the connection during the TLS handshake.";
        }

        return "The TLS handshake with the origin failed.";
    }

    private static bool IsTimeout(Exception failure)
    {
        for (var cause = failure.InnerException; cause is not null; cause = cause.InnerException)
        {
            if (cause is OperationCanceledException or TimeoutException)
            {
                return true;
            }
        }

        return false;
    }
}
