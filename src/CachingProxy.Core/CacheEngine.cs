using CachingProxy.Core.Decisions;
using CachingProxy.Core.Fetching;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Lookup;
using CachingProxy.Core.Purging;
using CachingProxy.Core.Responding;
using CachingProxy.Core.Storing;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Core;

/// <summary>
/// The path of a request, and the only place that knows its order:
/// <list type="number">
/// <item>Parsing: what the request says to caches</item>
/// <item>Keys: the face has named the URI and the partition</item>
/// <item>Lookup: what is stored for it</item>
/// <item>Decisions: serve, validate, fetch, forward, or give up</item>
/// <item>Fetching: join a fill, or begin one</item>
/// <item>Storing: the fill's own work, beside the clients</item>
/// <item>Responding: fields, conditions and content for this client</item>
/// </list>
/// Safe for any number of threads.
/// </summary>
public sealed class CacheEngine
{
    private readonly ICacheStore _store;
    private readonly SteadyClock _clock;
    private readonly InvalidationLog _log = new();
    private readonly CacheLookup _lookup;
    private readonly FillTable _fills;
    private readonly Responder _responder;

    /// <summary>An engine that keeps its entries in <paramref name="store"/>.</summary>
    public CacheEngine(ICacheStore store, CacheEngineOptions options, TimeProvider time, ILogger<CacheEngine> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _store = store;
        _clock = new SteadyClock(time);
        _lookup = new CacheLookup(store, _log);
        _fills = new FillTable(new FillTools(store, new EntryFactory(_clock, options.Pseudonym), _log, _clock, logger));
        _responder = new Responder(_clock, options.Pseudonym);
    }

    /// <summary>How many fetches are under way that belong to no client.</summary>
    public int RunningFills => _fills.Running;

    /// <summary>
    /// Answers a request: from the store, or from its origin. What goes wrong on the way is part of the answer
    /// (<see cref="CacheResult.Failure"/>).
    /// </summary>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public ValueTask<CacheResult> ServeAsync(CacheRequest request, CancellationToken clientGone)
    {
        ArgumentNullException.ThrowIfNull(request);

        // 1, 2. Some requests have nothing to do with what is stored.
        if (ReuseRules.Bypass(request) is { } bypass)
        {
            return ForwardAsync(request, bypass, clientGone);
        }

        // 3. Lookup. The memory tier answers at once, and a hit in it goes through without waiting for anything.
        var lookup = _lookup.FindAsync(request);
        return lookup.IsCompletedSuccessfully
            ? DecideAsync(request, lookup.GetAwaiter().GetResult(), clientGone)
            : AwaitLookupAsync(request, lookup, clientGone);
    }

    /// <summary>Passes a response on that a face has fetched by itself, for this client alone; nothing of it is kept.</summary>
    public CacheResult PassOn(CacheRequest request, OriginResponse response) =>
        _responder.Passing(request, response, CacheStatus.Forward(ForwardReason.Upgrade));

    /// <summary>Purges everything. When this returns, nothing fetched before is served any more.</summary>
    public async ValueTask PurgeAllAsync()
    {
        _log.PurgeAll();
        await _store.ClearAsync();
    }

    /// <summary>Purges one URI, on all faces and for all hosts and variants.</summary>
    public async ValueTask PurgeAsync(CacheKey key)
    {
        _log.PurgeUrl(key);
        await _store.RemoveAllAsync(key);
    }

    private async ValueTask<CacheResult> AwaitLookupAsync(CacheRequest request, ValueTask<LookupResult> lookup, CancellationToken clientGone) =>
        await DecideAsync(request, await lookup, clientGone);

    // 4. Decisions.
    private ValueTask<CacheResult> DecideAsync(CacheRequest request, LookupResult lookup, CancellationToken clientGone) =>
        ReuseRules.Decide(request, lookup, _clock.Now) switch
        {
            ReuseDecision.Serve(var entry, var age) => new(_responder.FromStore(request, entry, age)),
            ReuseDecision.Revalidate(var entry, var reason) => FetchAsync(request, entry, reason, clientGone),
            ReuseDecision.Fetch(var reason) => FetchAsync(request, null, reason, clientGone),
            ReuseDecision.Forward(var reason) => ForwardAsync(request, reason, clientGone),
            ReuseDecision.GatewayTimeout(var reason) => new(Responder.OnlyIfCached(reason)),
            _ => throw new InvalidOperationException("A decision that nobody acts on."),
        };

    // 5. Fetching, for whoever wants the same; 6. storing is the fill's own work.
    private async ValueTask<CacheResult> FetchAsync(CacheRequest request, CacheEntry? validating, ForwardReason reason, CancellationToken clientGone)
    {
        var status = CacheStatus.Forward(reason);
        var (fill, began) = _fills.Find(request) is { } running
            ? (running, false)
            : _fills.Begin(FillRequest.Of(request, validating), isJoinable: true);
        if (!began)
        {
            // A waiter stays only if the response may be reused for its own request, which the head tells.
            if (_responder.Join(request, await fill.Head.WaitAsync(clientGone), status) is { } joined)
            {
                return joined;
            }

            (fill, _) = _fills.Begin(FillRequest.Of(request, validating), isJoinable: false);
        }

        try
        {
            // 7. Responding.
            return _responder.FirstHand(request, await fill.Head.WaitAsync(clientGone), status);
        }
        catch (OperationCanceledException)
        {
            _ = fill.AbandonAsync();
            throw;
        }
    }

    // A request whose answer is for nobody else: at the pace of its client, and gone with it.
    private async ValueTask<CacheResult> ForwardAsync(CacheRequest request, ForwardReason reason, CancellationToken clientGone)
    {
        var status = CacheStatus.Forward(reason);
        try
        {
            var response = await request.Face.Origin.SendAsync(request.CreateOriginRequest(), clientGone);
            foreach (var invalidated in UnsafeMethods.Invalidated(request.Method, request.Key, response.Status, response.Fields))
            {
                await PurgeAsync(invalidated);
            }

            return _responder.Passing(request, response, status);
        }
        catch (OriginException failure)
        {
            // The origin may have done what it was asked to before its answer was lost.
            if (UnsafeMethods.IsUnsafe(request.Method) && failure.Error is OriginError.Timeout or OriginError.InvalidResponse or OriginError.Truncated)
            {
                await PurgeAsync(request.Key);
            }

            return CacheResult.OfFailure(failure, status);
        }
    }
}
