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
    private readonly SearchVariances _variances = new();
    private readonly Freshener _freshener;
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
        var entries = new EntryFactory(_clock, _variances, options.Pseudonym);
        _freshener = new Freshener(store, entries, _clock);
        _fills = new FillTable(new FillTools(store, entries, _freshener, _log, _clock, logger));
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

        // 1. Some requests have nothing to do with what is stored.
        if (ReuseRules.Bypass(request) is { } bypass)
        {
            return ForwardAsync(request, bypass, clientGone);
        }

        // 2. Keys.
        request.StorageKey = _variances.KeyOf(request.Key);

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
        await PurgeExactlyAsync(key);
        if (_variances.KeyOf(key) is var storageKey && storageKey != key)
        {
            await PurgeExactlyAsync(storageKey);
        }
    }

    private async ValueTask PurgeExactlyAsync(CacheKey key)
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
            ReuseDecision.Serve(var entry, var age, var reason) => new(Serve(request, entry, age, reason)),
            ReuseDecision.Revalidate(var entry, var reason, var standIn) => FetchAsync(request, reason, entry, standIn, clientGone),
            ReuseDecision.Fetch(var reason, var standIn) => FetchAsync(request, reason, null, standIn, clientGone),
            ReuseDecision.Complete(var part, var missing) => CompleteAsync(request, part, missing, clientGone),
            ReuseDecision.Forward(var reason) => ForwardAsync(request, reason, clientGone),
            ReuseDecision.GatewayTimeout(var reason) => new(Responder.OnlyIfCached(reason)),
            _ => throw new InvalidOperationException("A decision that nobody acts on."),
        };

    private CacheResult Serve(CacheRequest request, CacheEntry entry, TimeSpan age, HitReason reason)
    {
        if (reason == HitReason.StaleWhileRevalidate && !request.IsHead && _fills.Find(request) is null)
        {
            _ = _fills.Begin(FillRequest.ToRefresh(request, entry), isJoinable: entry.Part is null).Fill.AbandonAsync();
        }

        return _responder.FromStore(request, entry, age, reason);
    }

    // 5. Fetching, for whoever wants the same; 6. storing is the fill's own work.
    private async ValueTask<CacheResult> FetchAsync(
        CacheRequest request, ForwardReason reason, CacheEntry? validating, CacheEntry? standIn, CancellationToken clientGone)
    {
        // The answer to a range is for those who ask for the same, and not to be waited for by others.
        var isJoinable = validating is not null || !request.HasRange;
        var status = CacheStatus.Forward(reason);
        var (fill, began) = isJoinable && _fills.Find(request) is { } running
            ? (running, false)
            : _fills.Begin(ToFetch(request, validating, standIn), isJoinable);
        if (!began && isJoinable)
        {
            // A waiter stays only if the response may be reused for its own request, which the head tells.
            var outcome = await fill.WaitAsync(request.OnInterim, clientGone);
            var joined = _responder.StandIn(request, standIn, outcome, status with { IsCollapsed = true }) ?? _responder.Join(request, outcome, status);
            if (joined is not null)
            {
                return joined;
            }

            (fill, _) = _fills.Begin(ToFetch(request, validating, standIn), isJoinable: false);
        }

        // 7. Responding.
        var head = await WaitAsync(fill, request, clientGone);
        if (_responder.StandIn(request, standIn, head, status) is { } stale)
        {
            await fill.AbandonAsync();
            return stale;
        }

        return _responder.FirstHand(request, head, status);
    }

    private static FillRequest ToFetch(CacheRequest request, CacheEntry? validating, CacheEntry? standIn)
    {
        var fill = validating is null ? FillRequest.Of(request) : FillRequest.ToValidate(request, validating);
        return fill with { HasStandIn = standIn is not null };
    }

    // What is missing of a part is fetched as a part of its own, and put together where it is stored.
    private async ValueTask<CacheResult> CompleteAsync(CacheRequest request, CacheEntry part, MissingPart missing, CancellationToken clientGone)
    {
        var status = CacheStatus.Forward(ForwardReason.Partial);
        var (fill, _) = _fills.Begin(FillRequest.ToComplete(request, missing), isJoinable: false);
        var head = await WaitAsync(fill, request, clientGone);
        if (_responder.Completed(request, part, missing, head, status) is { } whole)
        {
            return whole;
        }

        if (head is FillOutcome.Failed || (head is FillOutcome.Shared { Entry.Part: null } or FillOutcome.Unshared { Response.Status: not (206 or 416) }))
        {
            return _responder.FirstHand(request, head, status);
        }

        await fill.AbandonAsync();
        (fill, _) = _fills.Begin(FillRequest.Of(request), isJoinable: false);
        return _responder.FirstHand(request, await WaitAsync(fill, request, clientGone), status);
    }

    private static async ValueTask<FillOutcome> WaitAsync(Fill fill, CacheRequest request, CancellationToken clientGone)
    {
        try
        {
            return await fill.WaitAsync(request.OnInterim, clientGone);
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
            var requestedAt = _clock.Now;
            var toOrigin = request.CreateOriginRequest() with { OnInterim = request.OnInterim };
            var response = await request.Face.Origin.SendAsync(toOrigin, clientGone);
            foreach (var invalidated in UnsafeMethods.Invalidated(request.Method, request.Key, response.Status, response.Fields))
            {
                await PurgeAsync(invalidated);
            }

            if (request.IsHead)
            {
                await _freshener.AfterHeadAsync(request, response, requestedAt);
            }
            else if (UnsafeMethods.MayLeaveResponse(request.Method, response.Fields))
            {
                var fill = _fills.Begin(FillRequest.OfReceived(request, response, requestedAt), isJoinable: false).Fill;
                return _responder.FirstHand(request, await WaitAsync(fill, request, clientGone), status);
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
