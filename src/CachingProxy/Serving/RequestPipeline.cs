using CachingProxy.Admin;
using CachingProxy.AspNetCore;
using CachingProxy.AspNetCore.Gate;
using CachingProxy.AspNetCore.Requests;
using CachingProxy.AspNetCore.Responses;
using CachingProxy.Core.Messages;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Serving;

/// <summary>The way of every request: guard, host, loop, route. What passes goes to one of the faces.</summary>
internal sealed partial class RequestPipeline(
    RequestGate gate,
    CrossSiteGuard crossSite,
    AdminRoutes ours,
    ReverseProxy? origin,
    TimeSpan clientTimeout,
    TimeProvider time,
    ILogger<RequestPipeline> logger
)
{
    // RFC 9110 §9.3.7: what OPTIONS says of the server as a whole.
    private const string AllowedMethods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

    private int _inFlight;

    /// <summary>How many requests are being answered now.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    public async Task InvokeAsync(HttpContext context)
    {
        Interlocked.Increment(ref _inFlight);
        var connection = context.Features.Get<ConnectionUse>();
        connection?.Begin();
        try
        {
            if (connection?.ConnectionField is { } field)
            {
                context.Request.Headers.Connection = field;
            }

            await GuardAsync(context);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone; there is nobody left to tell.
        }
        catch (OriginException failure) when (!context.Response.HasStarted)
        {
            await ErrorAsync(context, failure.Status, ErrorCodes.Of(failure.Error), failure.Message);
        }
        catch (BadHttpRequestException refused)
        {
            await RefuseAsync(
                context,
                new Refusal(refused.StatusCode, "bad_request", "The request's content is not framed as it must be.")
            );
        }
        catch (Exception failure) when (!context.Response.HasStarted)
        {
            LogFailure(logger, context.Request.Method, failure);
            context.Response.Clear();
            await ErrorAsync(context, 500, "internal_error", "The proxy failed to answer this request.");
        }
        finally
        {
            connection?.End();
            Interlocked.Decrement(ref _inFlight);
        }
    }

    private Task GuardAsync(HttpContext context)
    {
        if (gate.Check(context, out var guarded) is { } refusal)
        {
            return RefuseAsync(context, refusal);
        }

        return ClientContent.Of(context, clientTimeout, time) is { } content
            ? RouteWithContentAsync(context, guarded, content)
            : RouteAsync(context, guarded);
    }

    private async Task RouteWithContentAsync(HttpContext context, GuardedRequest guarded, ClientContent content)
    {
        await using (content)
        {
            context.Features.Get<ConnectionUse>()?.Content = content;
            await RouteAsync(context, guarded);
        }
    }

    private Task RouteAsync(HttpContext context, GuardedRequest guarded)
    {
        var method = context.Request.Method;
        if (method == "OPTIONS" && (guarded.Target == "*" || context.Request.Headers["Max-Forwards"] == "0"))
        {
            context.Response.StatusCode = 204;
            context.Response.Headers.Allow = AllowedMethods;
            return Task.CompletedTask;
        }

        if (method == "PURGE")
        {
            context.Response.Headers.Allow = AllowedMethods;
            return ours.IsOurs(guarded.Path)
                ? ErrorAsync(
                    context,
                    405,
                    "method_not_allowed",
                    "PURGE is for paths of the origin; other URLs are purged with DELETE /cache?url=."
                )
                : ours.PurgeAsync(context, guarded);
        }

        // What operates the cache has a rule of its own, which is stricter.
        if (ours.IsOurs(guarded.Path) && guarded.Path is not "/proxy")
        {
            return ours.HandleAsync(context, guarded);
        }

        if (crossSite.Check(context, guarded) is { } foreign)
        {
            return RefuseAsync(context, foreign);
        }

        if (ours.IsOurs(guarded.Path))
        {
            return ours.HandleAsync(context, guarded);
        }

        return origin is not null
            ? origin.HandleAsync(context, guarded)
            : ErrorAsync(context, 404, "not_found", "No --origin is configured, so only /proxy?url= is served; /docs lists what there is.");
    }

    private Task RefuseAsync(HttpContext context, Refusal refusal)
    {
        LogRefusal(logger, refusal.Status, refusal.Message);
        if (refusal.EndsConnection)
        {
            context.Response.Headers.Connection = "close";
        }

        if (refusal.Status == 405)
        {
            context.Response.Headers.Allow = AllowedMethods;
        }

        return ErrorAsync(context, refusal.Status, refusal.Code, refusal.Message);
    }

    // On the origin's paths an error of ours is a problem document, everywhere else it has the shape of our endpoints.
    private Task ErrorAsync(HttpContext context, int status, string code, string message)
    {
        var asked = new GuardedRequest(context.Features.Get<IHttpRequestFeature>()!.RawTarget, "");
        return origin is null || ours.IsOurs(asked.Path)
            ? new ApiError(code, message, status).WriteAsync(context)
            : ProblemWriter.WriteAsync(context, status, code, message);
    }

    [LoggerMessage(100, LogLevel.Error, "Answering a {Method} request failed in our own code")]
    private static partial void LogFailure(ILogger logger, string method, Exception failure);

    [LoggerMessage(101, LogLevel.Debug, "Refused a request with {Status}: {Reason}")]
    private static partial void LogRefusal(ILogger logger, int status, string reason);
}
