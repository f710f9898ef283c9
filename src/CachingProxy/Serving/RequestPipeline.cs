using System.Diagnostics;
using CachingProxy.Admin;
using CachingProxy.AspNetCore;
using CachingProxy.AspNetCore.Gate;
using CachingProxy.AspNetCore.Requests;
using CachingProxy.AspNetCore.Responses;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Telemetry;
using CachingProxy.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Serving;

/// <summary>
/// The way of every request: <see cref="RequestGate"/> checks it, then it goes to one of our own endpoints or to one of the faces. <see
/// cref="CrossSiteGuard"/> checks requests to the faces as well.
/// </summary>
internal sealed partial class RequestPipeline(
    TrustedProxies proxies,
    RequestGate gate,
    CrossSiteGuard crossSite,
    AdminRoutes ours,
    bool hasAdminListener,
    ReverseProxy? origin,
    TimeSpan clientTimeout,
    TimeProvider time,
    CacheEvents events,
    ILogger<RequestPipeline> logger
)
{
    // RFC 9110 §9.3.7: what OPTIONS says of the server as a whole.
    private const string AllowedMethods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

    private int _inFlight;

    /// <summary>The number of requests that are being answered now.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    public async Task InvokeAsync(Exchange exchange)
    {
        Interlocked.Increment(ref _inFlight);
        var receivedAt = events.IsObserved ? time.GetUtcNow() : default;
        using var span = Tracing.StartRequest(exchange.Method, exchange.RequestHeaders.TraceParent, exchange.RequestHeaders.TraceState);
        var isClientGone = false;
        var connection = exchange.Feature<ConnectionUse>();
        connection?.Begin();
        try
        {
            if (connection?.ConnectionField is { } field)
            {
                exchange.RequestHeaders.Connection = field;
            }

            await GuardAsync(exchange);
        }
        catch (Exception) when (exchange.ClientGone.IsCancellationRequested)
        {
            // There is nobody left to tell.
            isClientGone = exchange.ErrorCode is null;
        }
        catch (OriginException failure) when (!exchange.HasStarted)
        {
            await ErrorAsync(exchange, failure.Status, ErrorCodes.Of(failure.Error), failure.Message);
        }
        catch (BadHttpRequestException refused)
        {
            await RefuseAsync(
                exchange,
                new Refusal(refused.StatusCode, "bad_request", "The request's content is not framed as it must be.")
            );
        }
        catch (Exception failure) when (!exchange.HasStarted)
        {
            LogFailure(logger, exchange.Method, failure);
            exchange.Clear();
            await ErrorAsync(exchange, 500, "internal_error", "The proxy failed to answer this request.");
        }
        finally
        {
            Report(exchange, receivedAt, isClientGone, span);
            connection?.End();
            Interlocked.Decrement(ref _inFlight);
        }
    }

    private void Report(Exchange exchange, DateTimeOffset receivedAt, bool isClientGone, Activity? span)
    {
        if (!events.IsObserved && span is null)
        {
            return;
        }

        var request = RequestReport.Of(exchange, receivedAt, isClientGone);
        events.Report(request);
        if (span is not null)
        {
            Tracing.Describe(span, request);
        }
    }

    private Task GuardAsync(Exchange exchange)
    {
        if (proxies.Apply(exchange) is { } ambiguous)
        {
            return RefuseAsync(exchange, ambiguous);
        }

        if (gate.Check(exchange, out var guarded) is { } refusal)
        {
            return RefuseAsync(exchange, refusal);
        }

        return ClientContent.Of(exchange, clientTimeout, time) is { } content
            ? RouteWithContentAsync(exchange, guarded, content)
            : RouteAsync(exchange, guarded);
    }

    private async Task RouteWithContentAsync(Exchange exchange, GuardedRequest guarded, ClientContent content)
    {
        await using (content)
        {
            exchange.Feature<ConnectionUse>()?.Content = content;
            await RouteAsync(exchange, guarded);
        }
    }

    private Task RouteAsync(Exchange exchange, GuardedRequest guarded)
    {
        var method = exchange.Method;
        if (method == "OPTIONS" && (guarded.Target == "*" || exchange.RequestHeaders["Max-Forwards"] == "0"))
        {
            exchange.Status = 204;
            exchange.ResponseHeaders.Allow = AllowedMethods;
            return Task.CompletedTask;
        }

        if (method == "PURGE")
        {
            exchange.ResponseHeaders.Allow = AllowedMethods;
            return IsOurs(exchange, guarded.Path)
                ? ErrorAsync(
                    exchange,
                    405,
                    "method_not_allowed",
                    "PURGE is for paths of the origin; other URLs are purged with DELETE /cache?url=."
                )
                : ours.PurgeAsync(exchange, guarded);
        }

        // Paths that operate the cache have a rule of their own, which is stricter.
        if (IsOurs(exchange, guarded.Path) && guarded.Path is not "/proxy")
        {
            return ours.HandleAsync(exchange, guarded);
        }

        if (crossSite.Check(exchange, guarded) is { } foreign)
        {
            return RefuseAsync(exchange, foreign);
        }

        if (IsOurs(exchange, guarded.Path))
        {
            return ours.HandleAsync(exchange, guarded);
        }

        return origin is not null && exchange.Feature<AdminListener>() is null
            ? origin.HandleAsync(exchange, guarded)
            : ErrorAsync(
                exchange,
                404,
                "not_found",
                "No --origin is configured, so only /proxy?url= is served; /docs lists what there is."
            );
    }

    // With a listener of their own, our paths are there alone, but for /proxy; everything there is ours.
    private bool IsOurs(Exchange exchange, ReadOnlySpan<char> path)
    {
        if (!hasAdminListener)
        {
            return ours.IsOurs(path);
        }

        return exchange.Feature<AdminListener>() is null ? path is "/proxy" : path is not "/proxy";
    }

    private Task RefuseAsync(Exchange exchange, Refusal refusal)
    {
        LogRefusal(logger, refusal.Status, refusal.Message);
        if (refusal.EndsConnection)
        {
            exchange.ResponseHeaders.Connection = "close";
        }

        if (refusal.Status == 405)
        {
            exchange.ResponseHeaders.Allow = AllowedMethods;
        }

        return ErrorAsync(exchange, refusal.Status, refusal.Code, refusal.Message);
    }

    // On the origin's paths an error of ours is a problem document, everywhere else it has the shape of our endpoints.
    private Task ErrorAsync(Exchange exchange, int status, string code, string message)
    {
        var asked = new GuardedRequest(exchange.RawTarget, "");
        return origin is null || IsOurs(exchange, asked.Path)
            ? new ApiError(code, message, status).WriteAsync(exchange)
            : ProblemWriter.WriteAsync(exchange, status, code, message);
    }

    [LoggerMessage(100, LogLevel.Error, "Answering a {Method} request failed in our own code")]
    private static partial void LogFailure(ILogger logger, string method, Exception failure);

    [LoggerMessage(101, LogLevel.Debug, "Refused a request with {Status}: {Reason}")]
    private static partial void LogRefusal(ILogger logger, int status, string reason);
}
