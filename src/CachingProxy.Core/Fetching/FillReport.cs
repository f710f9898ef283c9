using CachingProxy.Core.Messages;
using CachingProxy.Core.Telemetry;

namespace CachingProxy.Core.Fetching;

/// <summary>Reports a fill that has ended, to those who listen and to its span.</summary>
internal static class FillReport
{
    /// <summary>Reports a fill that has ended and whose head is set.</summary>
    /// <param name="events">Those who listen.</param>
    /// <param name="fill">The fill.</param>
    /// <param name="failed">The failure that ended the fill; null if it did not fail.</param>
    /// <param name="duration">The time from its beginning to its end.</param>
    public static async ValueTask SendAsync(CacheEvents events, Fill fill, OriginException? failed, TimeSpan duration)
    {
        if (!events.IsObserved && fill.Span is null)
        {
            return;
        }

        var head = await fill.Head;
        var (result, reason) = failed is null ? Of(fill, head) : (FillResult.Failed, ErrorCodes.Of(failed.Error));
        var ended = new FillEvent
        {
            Key = fill.Request.Key,
            Kind = fill.Request.Kind,
            Result = result,
            Reason = reason,
            Failure = failed?.Error,
            Bytes = head is FillOutcome.Shared(_, var body, _, _) ? body.Length : 0,
            Duration = duration,
        };
        events.Report(ended);
        if (fill.Span is { } span)
        {
            Tracing.End(span, ended);
        }
    }

    private static (FillResult Result, string Reason) Of(Fill fill, FillOutcome head) =>
        head switch
        {
            FillOutcome.Shared when fill.GivenUp is { } reason => (FillResult.NotStored, reason.ToToken()),
            FillOutcome.Shared => (FillResult.Stored, "ok"),
            FillOutcome.Validated => (FillResult.Validated, "ok"),
            FillOutcome.Found => (FillResult.Found, "ok"),
            FillOutcome.Unshared(_, var notStored) => (FillResult.NotStored, notStored.ToToken()),
            _ => (FillResult.Failed, ErrorCodes.Of(((FillOutcome.Failed)head).Failure.Error)),
        };
}
