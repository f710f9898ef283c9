using System.Buffers;
using System.Text;
using CachingProxy.AspNetCore;
using CachingProxy.AspNetCore.Gate;
using CachingProxy.Core.Telemetry;
using CachingProxy.Telemetry;

namespace CachingProxy.Admin;

/// <summary>
/// Answers <c>/cache/events</c>: every request as it is answered, as server-sent events. One who reads too slowly is let go, with a last
/// event that says so.
/// </summary>
internal sealed class EventsResource(LiveEvents live, Redaction redaction, TimeProvider time, CancellationToken stopping)
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    public async Task GetAsync(Exchange exchange, GuardedRequest guarded)
    {
        var (parameters, error) = AdminParameters.Read(guarded, ["outcome", "status", "url"]);
        var (status, statusError) = parameters?.Number("status", 0, 100, 599) ?? default;
        if ((error ?? statusError ?? FaultOf(parameters!["outcome"])) is { } wrong)
        {
            await wrong.WriteAsync(exchange);
            return;
        }

        using var watcher = live.Watch();
        if (watcher is null)
        {
            exchange.ResponseHeaders.RetryAfter = "10";
            await new ApiError("overloaded", $"{LiveEvents.MaxWatchers} others watch already.", 503).WriteAsync(exchange);
            return;
        }

        exchange.ResponseHeaders.ContentType = "text/event-stream";
        exchange.ResponseHeaders.CacheControl = "no-store";
        await exchange.Writer.FlushAsync(exchange.ClientGone);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(exchange.ClientGone, stopping);
        try
        {
            await WatchAsync(exchange, watcher, IsWanted, end.Token);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The server stops.
        }

        bool IsWanted(in RequestEvent request) =>
            (status == 0 || request.Status == status)
            && (parameters!["outcome"] is not { } outcome || request.Outcome.ToToken().Equals(outcome, StringComparison.OrdinalIgnoreCase))
            && (parameters["url"] is not { } part || request.Target.Contains(part, StringComparison.Ordinal));
    }

    private static ApiError? FaultOf(string? outcome)
    {
        var tokens = Enum.GetValues<RequestOutcome>().Select(known => known.ToToken()).ToList();
        return outcome is null || tokens.Contains(outcome.ToLowerInvariant())
            ? null
            : new ApiError("bad_request", $"The parameter 'outcome' is '{outcome}'; give {string.Join(", ", tokens)}.", 400);
    }

    private async Task WatchAsync(Exchange exchange, LiveEvents.Watcher watcher, Filter isWanted, CancellationToken cancellation)
    {
        var line = new JsonLine(redaction);
        var wroteAt = time.GetTimestamp();
        var waiting = watcher.Requests.WaitToReadAsync(cancellation).AsTask();
        while (true)
        {
            try
            {
                if (!await waiting.WaitAsync(Heartbeat, time, cancellation))
                {
                    break;
                }
            }
            catch (TimeoutException)
            {
                // Nothing has happened; the heartbeat tells that the connection lives.
            }

            var hasWritten = false;
            while (watcher.Requests.TryRead(out var request))
            {
                if (isWanted(request))
                {
                    exchange.Writer.Write("event: request\ndata: "u8);
                    line.Write(exchange.Writer, request);
                    exchange.Writer.Write("\n"u8);
                    hasWritten = true;
                }
            }

            if (!hasWritten && time.GetElapsedTime(wroteAt) >= Heartbeat)
            {
                exchange.Writer.Write(":\n\n"u8);
                hasWritten = true;
            }

            if (hasWritten)
            {
                await exchange.Writer.FlushAsync(cancellation);
                wroteAt = time.GetTimestamp();
            }

            // One waiter at a time: a wait that was given up for a heartbeat goes on.
            waiting = waiting.IsCompleted ? watcher.Requests.WaitToReadAsync(cancellation).AsTask() : waiting;
        }

        exchange.Writer.Write(
            Encoding.UTF8.GetBytes($"event: dropped\ndata: More than {LiveEvents.MaxQueued} requests waited for you.\n\n")
        );
        await exchange.Writer.FlushAsync(cancellation);
    }

    private delegate bool Filter(in RequestEvent request);
}
