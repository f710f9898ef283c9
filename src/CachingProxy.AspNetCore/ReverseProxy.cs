using CachingProxy.AspNetCore.Gate;
using CachingProxy.AspNetCore.Requests;
using CachingProxy.AspNetCore.Responses;
using CachingProxy.Core;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using CachingProxy.Http.Targets;
using CachingProxy.Http.Upstream;

namespace CachingProxy.AspNetCore;

/// <summary>
/// The face of the reverse proxy. Turns a guarded request into a request for the engine, and sends the engine's answer to the client. Safe
/// for any number of threads.
/// </summary>
public sealed class ReverseProxy
{
    private readonly CacheEngine _engine;
    private readonly OriginBase _base;
    private readonly CacheFace _face;
    private readonly OriginFields _originFields;
    private readonly string _pseudonym;
    private readonly bool _rewritesReferences;
    private readonly ClientLimits? _limits;
    private readonly CancellationToken _stopping;

    /// <summary>Makes a face on <paramref name="engine"/> that fetches from <paramref name="origin"/>.</summary>
    public ReverseProxy(CacheEngine engine, IOrigin origin, ReverseProxyOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _engine = engine;
        _base = new OriginBase(options.Origin);
        _pseudonym = options.Pseudonym;
        _originFields = options.OriginFields;
        _rewritesReferences = options.RewritesReferences;
        _stopping = options.Stopping;
        _limits = options.Limits is { AreSet: true } limits ? limits : null;
        _face = new CacheFace("forwarded", origin, options.Policy) { Scope = options.Scope };
    }

    /// <summary>The face: its origin, and the policy by which its responses are kept.</summary>
    public CacheFace Face => _face;

    /// <summary>Answers one request, from the cache or from the origin.</summary>
    public Task HandleAsync(Exchange exchange, GuardedRequest guarded)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        if (_base.KeyOf(guarded.Target) is not { } key)
        {
            return ProblemWriter.WriteAsync(exchange, 400, "bad_request", "The request target leaves the origin's base path.");
        }

        ReferenceRewrite? rewrite = _rewritesReferences ? new ReferenceRewrite(_base, exchange.Scheme, guarded) : null;
        if (WebSocketTunnel.IsAskedForBy(exchange))
        {
            return TunnelAsync(exchange, Request(null), rewrite);
        }

        if (exchange.Method == "QUERY")
        {
            return QueryAsync();
        }

        return ServeAsync(exchange, Request(null), rewrite);

        ForwardedRequest Request(QueryContent? query) =>
            new(exchange, guarded, _face, _base, _originFields, key, _pseudonym, query, _limits);

        async Task QueryAsync()
        {
            try
            {
                await ServeAsync(exchange, Request(await QueryContent.ReadAsync(exchange)), rewrite);
            }
            catch (OriginException failure) when (!exchange.HasStarted)
            {
                await ProblemWriter.WriteAsync(exchange, failure);
            }
        }
    }

    private async Task ServeAsync(Exchange exchange, ForwardedRequest request, ReferenceRewrite? rewrite)
    {
        CacheResult answer;
        try
        {
            answer = await _engine.ServeAsync(request, exchange.ClientGone);
        }
        finally
        {
            // No interim response may be written to the connection once the client has gone or its response begins, whichever comes first.
            await request.EndInterimsAsync();
        }

        await using var result = answer;
        exchange.OnAnswered(request, result);
        if (result.Failure is not null)
        {
            await ProblemWriter.WriteAsync(exchange, result);
            return;
        }

        try
        {
            await using var ending = EndsWithServer(exchange, ServerSentEvents.AreIn(result.Fields));
            await ResponseWriter.WriteAsync(exchange, result, rewrite);
        }
        catch (OriginException failure)
        {
            exchange.Clear();
            await ProblemWriter.WriteAsync(exchange, failure);
        }
    }

    // An event stream or a tunnel does not end by itself, and would delay the stop of the server up to the limit for stopping.
    private CancellationTokenRegistration EndsWithServer(Exchange exchange, bool isEndless) =>
        isEndless ? _stopping.UnsafeRegister(static connection => ((Exchange)connection!).Abort(), exchange) : default;

    private async Task TunnelAsync(Exchange exchange, ForwardedRequest request, ReferenceRewrite? rewrite)
    {
        await using var ending = EndsWithServer(exchange, isEndless: true);
        try
        {
            if (request.IsLimited && await request.AdmitAsync(needsOrigin: true) is { } refusal)
            {
                await ProblemWriter.WriteAsync(exchange, refusal);
                return;
            }

            var upgrade = request.CreateOriginRequest() with { IsUpgrade = true };
            var response = await request.Face.Origin.SendAsync(upgrade, exchange.ClientGone);
            await using var answer = _engine.PassOn(request, response);
            exchange.OnAnswered(request, answer);
            if (WebSocketTunnel.IsAccepted(exchange, response))
            {
                await WebSocketTunnel.RunAsync(exchange, answer.Fields, rewrite, response.Body);
                return;
            }

            if (response.Status == 101)
            {
                throw new OriginException(
                    OriginError.InvalidResponse,
                    "The origin accepted another WebSocket than the one that was asked for."
                );
            }

            await ResponseWriter.WriteAsync(exchange, answer, rewrite);
        }
        catch (OriginException failure)
        {
            exchange.Clear();
            await ProblemWriter.WriteAsync(exchange, failure);
        }
    }
}
