using System.Diagnostics;
using CachingProxy.Core.Messages;

namespace CachingProxy.Core.Telemetry;

/// <summary>
/// The spans of this program: one for each request, and one for each fill. Nothing is made unless somebody listens to the source <see
/// cref="Name"/>. Safe for any number of threads.
/// </summary>
public static class Tracing
{
    /// <summary>The name of the source of our spans, and of our meter.</summary>
    public const string Name = "CachingProxy";

    private static readonly ActivitySource Source = new(Name);

    /// <summary>Starts the span of a request; null where nobody listens.</summary>
    /// <param name="method">The method of the request.</param>
    /// <param name="traceParent">The field <c>traceparent</c> of the client. If the field is not valid, the span begins a trace of its
    /// own.</param>
    /// <param name="traceState">The field <c>tracestate</c> of the client.</param>
    public static Activity? StartRequest(string method, string? traceParent, string? traceState)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        var isKnown = ActivityContext.TryParse(traceParent, traceState, isRemote: true, out var parent);
        return Source.StartActivity(KnownMethods.Of(method), ActivityKind.Server, isKnown ? parent : default);
    }

    /// <summary>Describes how a request was answered, on its span.</summary>
    public static void Describe(Activity span, in RequestEvent request)
    {
        ArgumentNullException.ThrowIfNull(span);
        span.SetTag("http.request.method", KnownMethods.Of(request.Method));
        span.SetTag("http.response.status_code", request.Status);
        span.SetTag("url.path", PathOf(request.Target));
        span.SetTag("cachingproxy.outcome", request.Outcome.ToToken());
        span.SetTag("cachingproxy.reason", request.Reason);
        if (request.Face is { } face)
        {
            span.SetTag("cachingproxy.face", face);
        }

        if (request.Status >= 500)
        {
            span.SetStatus(ActivityStatusCode.Error);
            span.SetTag("error.type", request.Reason);
        }
    }

    // A target may be a whole URL, with a user and a password.
    private static string PathOf(string target) => target.StartsWith('/') ? target.Split('?')[0] : "";

    /// <summary>Makes the span of a fill, not started yet, as a child of the request that began it; null where nobody listens.</summary>
    internal static Activity? CreateFill(OriginRequest toOrigin, FillKind kind)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        var span = Source.CreateActivity("fill", ActivityKind.Client);
        span?.SetTag("http.request.method", toOrigin.Method);
        span?.SetTag("server.address", toOrigin.Key.Authority);
        span?.SetTag("url.path", toOrigin.Key.Target.Split('?')[0]);
        span?.SetTag("cachingproxy.fill.kind", kind.ToToken());
        return span;
    }

    /// <summary>Describes how a fill ended, on its span, and ends the span.</summary>
    internal static void End(Activity span, in FillEvent fill)
    {
        span.SetTag("cachingproxy.fill.result", fill.Result.ToToken());
        span.SetTag("cachingproxy.reason", fill.Reason);
        if (fill.Result == FillResult.Failed)
        {
            span.SetStatus(ActivityStatusCode.Error);
            span.SetTag("error.type", fill.Reason);
        }

        span.Dispose();
    }
}
