using System.Buffers;
using System.Globalization;
using System.Text;
using CachingProxy.Core.Telemetry;

namespace CachingProxy.Telemetry;

/// <summary>
/// A line that people read: <c>12:04:07 GET /products 200 HIT 0.2 ms 1.4 kB ttl=14</c>. On a terminal the line has colours. If its reason
/// is not self-evident, an explanation follows: what the reason means and what would change it. Each reason is explained at most once a
/// minute (<see cref="ReasonHints"/>).
/// </summary>
/// <param name="redaction">Masks secrets.</param>
/// <param name="hints">Explains reasons; null for no explanations.</param>
/// <param name="hasColors">Whether the outcome is coloured.</param>
/// <param name="time">The clock, whose local time zone counts.</param>
internal sealed class TextLine(Redaction redaction, ReasonHints? hints, bool hasColors, TimeProvider time) : IAccessLine
{
    private const int TargetWidth = 32;
    private const int OutcomeWidth = 11;
    private const string EndOfColor = "\u001b[0m";

    /// <inheritdoc/>
    public void Write(IBufferWriter<byte> output, in RequestEvent request)
    {
        var line = new StringBuilder(160)
            .Append(TimeZoneInfo.ConvertTime(request.ReceivedAt, time.LocalTimeZone).ToString("HH:mm:ss ", CultureInfo.InvariantCulture))
            .Append(LogText.Of(request.Method).PadRight(6))
            .Append(' ')
            .Append(LogText.Of(redaction.Of(request.Target), LogText.MaxTarget).PadRight(TargetWidth))
            .Append(' ')
            .Append(request.Status.ToString(CultureInfo.InvariantCulture))
            .Append(' ')
            .Append(hasColors ? ColorOf(request.Outcome) : "")
            .Append(request.Outcome.ToCapitals().PadRight(OutcomeWidth))
            .Append(hasColors ? EndOfColor : "")
            .Append(' ')
            .Append(Milliseconds(request.Duration).PadLeft(9))
            .Append(' ')
            .Append(Size(request.Bytes).PadLeft(8))
            .Append(' ')
            .Append(Tail(request))
            .Append('\n');
        if (hints is not null && IsWorthExplaining(request) && hints.Next(request) is { } hint)
        {
            line.Append(' ', 9).Append(hint).Append('\n');
        }

        Encoding.UTF8.GetBytes(line.ToString(), output);
    }

    // What happened to the response, as far as the outcome does not say it.
    private static string Tail(in RequestEvent request)
    {
        var tail = new StringBuilder();
        if (request is { IsStored: false, Outcome: RequestOutcome.Miss })
        {
            tail.Append("not stored: ").Append(request.Reason);
        }
        else if (request.Reason is not ("fresh" or "uri-miss" or "own"))
        {
            tail.Append(request.Reason);
        }

        if (request.TimeToLive is { } left)
        {
            var seconds = left > TimeSpan.Zero ? Math.Ceiling(left.TotalSeconds) : Math.Floor(left.TotalSeconds);
            tail.Append(CultureInfo.InvariantCulture, $" ttl={seconds:0}");
        }

        if (request.Waited > TimeSpan.Zero)
        {
            tail.Append(" waited ").Append(Milliseconds(request.Waited));
        }

        if (request.IsClientGone && request.Status != RequestReport.ClientClosedRequest)
        {
            tail.Append(" client gone");
        }

        if (request is { IsTraced: true, TraceId: { } trace })
        {
            tail.Append(" trace=").Append(trace);
        }

        return tail.ToString().TrimStart();
    }

    private static bool IsWorthExplaining(in RequestEvent request) =>
        request.Outcome switch
        {
            RequestOutcome.Miss => !request.IsStored || request.Reason is not ("uri-miss" or "vary-miss" or "stale"),
            RequestOutcome.Bypass or RequestOutcome.Error or RequestOutcome.Refused or RequestOutcome.Stale => true,
            _ => false,
        };

    private static string Milliseconds(TimeSpan time) =>
        time.TotalMilliseconds < 10
            ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.0} ms")
            : string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0} ms");

    private static string Size(long bytes) =>
        bytes switch
        {
            < 1000 => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
            < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:0.0} kB"),
            < 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.0} GB"),
        };

    private static string ColorOf(RequestOutcome outcome) =>
        outcome switch
        {
            RequestOutcome.Hit or RequestOutcome.Revalidated or RequestOutcome.Shared => "\u001b[32m",
            RequestOutcome.Stale or RequestOutcome.Bypass => "\u001b[33m",
            RequestOutcome.Error or RequestOutcome.Refused => "\u001b[31m",
            _ => "\u001b[36m",
        };
}
