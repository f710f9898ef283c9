using CachingProxy.AspNetCore;
using CachingProxy.Core.Telemetry;

namespace CachingProxy.Telemetry;

/// <summary>Makes the event of a request, when its exchange is over.</summary>
internal static class RequestReport
{
    /// <summary>The status of a request whose client left before there was a response; nginx gives it the same number.</summary>
    public const int ClientClosedRequest = 499;

    private const string ClientGone = "client_gone";

    /// <summary>Returns the event of a request.</summary>
    /// <param name="exchange">The exchange, at its end.</param>
    /// <param name="receivedAt">The moment of its beginning, by the wall clock.</param>
    /// <param name="isClientGone">Whether the client left before the end.</param>
    public static RequestEvent Of(Exchange exchange, DateTimeOffset receivedAt, bool isClientGone)
    {
        var isLost = isClientGone && !exchange.HasStarted;
        var (outcome, reason) = isLost ? (RequestOutcome.Error, ClientGone) : OutcomeOf(exchange);
        var answer = exchange.Answer;
        var headers = exchange.RequestHeaders;
        var elapsed = exchange.Elapsed;
        return new RequestEvent
        {
            ReceivedAt = receivedAt,
            Method = exchange.Method,
            Target = exchange.RawTarget,
            Protocol = exchange.Protocol,
            Host = headers.Host,
            Client = exchange.ClientAddress,
            UserAgent = headers.UserAgent,
            Referer = headers.Referer,
            TraceId = exchange.TraceId,
            IsTraced = exchange.IsTraced,
            Status = isLost ? ClientClosedRequest : exchange.Status,
            Face = exchange.Asked?.Face.Name,
            Key = exchange.Asked?.Key,
            Outcome = outcome,
            Reason = reason,
            IsStored = exchange.ErrorCode is null && answer is { CacheStatus.IsStored: true },
            Age = answer?.Age,
            TimeToLive = answer?.CacheStatus.TimeToLive,
            Bytes = exchange.SentBytes,
            Duration = elapsed,
            TimeToHead = answer is null ? elapsed : exchange.TimeToAnswer,
            Waited = answer?.Waited ?? TimeSpan.Zero,
            IsClientGone = isClientGone,
        };
    }

    private static (RequestOutcome Outcome, string Reason) OutcomeOf(Exchange exchange)
    {
        if (exchange.Answer?.CacheStatus is not { } status)
        {
            return exchange.ErrorCode is { } code ? (OfError(exchange.Status), code) : (RequestOutcome.Own, "own");
        }

        // An answer that broke off before any of it was sent was replaced by an error.
        return exchange.ErrorCode is { } error && status.Failure is null
            ? (RequestOutcome.Error, error)
            : (RequestOutcomes.Of(status), status.Reason);
    }

    // A tunnel to an origin that is down, and a fault of our own, are no refusals.
    private static RequestOutcome OfError(int status) => status is 500 or 502 or 504 ? RequestOutcome.Error : RequestOutcome.Refused;
}
