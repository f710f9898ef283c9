using CachingProxy.AspNetCore.Gate;
using CachingProxy.AspNetCore.Requests;
using CachingProxy.AspNetCore.Responses;
using CachingProxy.Core;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using CachingProxy.Http.Targets;
using CachingProxy.Http.Upstream;
using Microsoft.AspNetCore.Http;

namespace CachingProxy.AspNetCore;

/// <summary>
/// The face of the reverse proxy: a guarded request becomes one for the engine, and the engine's answer the client's.
/// Safe for any number of threads.
/// </summary>
public sealed class ReverseProxy
{
    private readonly CacheEngine _engine;
    private readonly OriginBase _base;
    private readonly CacheFace _face;
    private readonly OriginFields _originFields;
    private readonly string _pseudonym;
    private readonly bool _rewritesReferences;
    private readonly CancellationToken _stopping;

    /// <summary>A face on <paramref name="engine"/> that fetches from <paramref name="origin"/>.</summary>
    public ReverseProxy(CacheEngine engine, IOrigin origin, ReverseProxyOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _engine = engine;
        _base = new OriginBase(options.Origin);
        _pseudonym = options.Pseudonym;
        var name = options.Policy.TtlMode == TtlMode.Override ? "forwarded/override" : "forwarded/respect";
        _originFields = options.OriginFields;
        _rewritesReferences = options.RewritesReferences;
        _stopping = options.Stopping;
        _face = new CacheFace(name, origin, options.Policy) { Scope = options.Scope };
    }

    /// <summary>Answers one request, from the cache or from the origin.</summary>
    public Task HandleAsync(HttpContext context, GuardedRequest guarded)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (_base.KeyOf(guarded.Target) is not { } key)
        {
            return ProblemWriter.WriteAsync(context, 400, "bad_request", "The request target leaves the origin's base path.");
        }

        ReferenceRewrite? rewrite = _rewritesReferences ? new ReferenceRewrite(_base, context.Request.Scheme, guarded) : null;
        return WebSocketTunnel.IsAskedForBy(context) ? TunnelAsync(context, Request(null), rewrite)
            : context.Request.Method == "QUERY" ? QueryAsync()
            : ServeAsync(context, Request(null), rewrite);

        ForwardedRequest Request(QueryContent? query) => new(context, guarded, _face, _base, _originFields, key, _pseudonym, query);

        async Task QueryAsync()
        {
            try
            {
                await ServeAsync(context, Request(await QueryContent.ReadAsync(context)), rewrite);
            }
            catch (OriginException failure) when (!context.Response.HasStarted)
            {
                await ProblemWriter.WriteAsync(context, failure);
            }
        }
    }

    private async Task ServeAsync(HttpContext context, ForwardedRequest request, ReferenceRewrite? rewrite)
    {
        CacheResult answer;
        try
        {
            answer = await _engine.ServeAsync(request, context.RequestAborted);
        }
        finally
        {
            // Nothing may be written to the connection once the client has gone or its response begins, whichever comes first.
            await request.EndInterimsAsync();
        }

        await using var result = answer;
        if (result.Failure is not null)
        {
            await ProblemWriter.WriteAsync(context, result);
            return;
        }

        try
        {
            await using var ending = EndsWithServer(context, ServerSentEvents.AreIn(result.Fields));
            await ResponseWriter.WriteAsync(context, result, rewrite);
        }
        catch (OriginException failure)
        {
            context.Response.Clear();
            await ProblemWriter.WriteAsync(context, failure);
        }
    }

    // An event stream or a tunnel has no end by itself, and would hold a stop up until its limit.
    private CancellationTokenRegistration EndsWithServer(HttpContext context, bool isEndless) =>
        isEndless ? _stopping.UnsafeRegister(static connection => ((HttpContext)connection!).Abort(), context) : default;

    private async Task TunnelAsync(HttpContext context, ForwardedRequest request, ReferenceRewrite? rewrite)
    {
        await using var ending = EndsWithServer(context, isEndless: true);
        try
        {
            var upgrade = request.CreateOriginRequest() with { IsUpgrade = true };
            var response = await request.Face.Origin.SendAsync(upgrade, context.RequestAborted);
            await using var answer = _engine.PassOn(request, response);
            if (WebSocketTunnel.IsAccepted(context, response))
            {
                await WebSocketTunnel.RunAsync(context, answer.Fields, rewrite, response.Body);
                return;
            }

            if (response.Status == 101)
            {
                throw new OriginException(
                    OriginError.InvalidResponse,
                    "The origin accepted another WebSocket than the one that was asked for."
                );
            }

            await ResponseWriter.WriteAsync(context, answer, rewrite);
        }
        catch (OriginException failure)
        {
            context.Response.Clear();
            await ProblemWriter.WriteAsync(context, failure);
        }
    }
}
