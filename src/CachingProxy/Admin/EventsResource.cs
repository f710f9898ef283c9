using System.Buffers;
using System.Text;
using CachingProxy.AspNetCore;
using CachingProxy.AspNetCore.Gate;
using CachingProxy.Core.Telemetry;
using CachingProxy.Telemetry;

namespace CachingProxy.Admin;

/// <summary>
/// Answers <c>/cache/events</c>: every request as it is answered, as server-sent events. One who reads too slowly is let go, with a last
/// event
/// that says so.
/// </summary>
internal sealed class EventsResource(LiveEvents live, Redaction redaction, TimeProvider time, CancellationToken stopping)
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    public async Task GetAsync(Exchange exchange, GuardedRequest guarded)
    {
        var (parameters, error) = AdminParameters.Read(guarded, ["outcome", "status", "url"]);
        var (status, statusError) = parameters?.Number("status", 0, 100, 599) ?? default;
        if ((error ?? statusError) is { } wrong)
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
            && (parameters!["outcome"] is not { } outcome || request.Outcome.ToToken() == outcome)
            && (parameters["url"] is not { } part || request.Target.Contains(part, StringComparison.Ordinal));
    }

    private async Task WatchAsync(Exchange exchange, LiveEvents.Watcher watcher, Filter isWanted, CancellationToken cancellation)
    {
        var line = new JsonLine(redaction);
        while (true)
        {
            try
            {
                if (!await watcher.Requests.WaitToReadAsync(cancellation).AsTask().WaitAsync(Heartbeat, time, cancellation))
                {
                    break;
                }
            }
            catch (TimeoutException)
            {
                exchange.Writer.Write(":\n\n"u8);
            }

            while (watcher.Requests.TryRead(out var request))
            {
                if (isWanted(request))
                {
                    exchange.Writer.Write("event: request\ndata: "u8);
                    line.Write(exchange.Writer, request);
                    exchange.Writer.Write("\n"u8);
                }
            }

            await exchange.Writer.FlushAsync(cancellation);
        }

        exchange.Writer.Write(
            Encoding.UTF8.GetBytes($"event: dropped\ndata: More than {LiveEvents.MaxQueued} requests waited for you.\n\n")
        );
        await exchange.Writer.FlushAsync(cancellation);
    }

    private delegate bool Filter(in RequestEvent request);
}
