using System.Net.Sockets;
using CachingProxy.Core.Messages;
using CachingProxy.Http.Upstream;

namespace CachingProxy.Http.Tests.Upstream;

/// <summary>What the exceptions of the handler mean.</summary>
public class OriginFailuresTests
{
    public static TheoryData<Exception, OriginError?> Failures { get; } =
        new()
        {
            { new HttpRequestException(HttpRequestError.ConnectionError), OriginError.Unreachable },
            { new HttpRequestException(HttpRequestError.SecureConnectionError), OriginError.TlsFailed },
            { new HttpRequestException(HttpRequestError.InvalidResponse), OriginError.InvalidResponse },
            { new HttpRequestException("broken", null), OriginError.Disconnected },
            // Seen from a connection that was reset as soon as it was there.
            { new SocketException((int)SocketError.NotConnected), OriginError.Disconnected },
            { new IOException("cut off"), OriginError.Truncated },
            { new HttpRequestException("within", new OriginException(OriginError.ForbiddenTarget, "no")), OriginError.ForbiddenTarget },
            { new OperationCanceledException("the caller gave up"), null },
        };

    [Theory]
    [MemberData(nameof(Failures))]
    public void AnExceptionOfTheHandler_HasItsName(Exception failure, OriginError? error)
    {
        using var silence = new SilenceLimit(TimeSpan.FromMinutes(1), TimeProvider.System, CancellationToken.None);
        Assert.Equal(error, OriginFailures.Classify(failure, silence)?.Error);
    }
}
