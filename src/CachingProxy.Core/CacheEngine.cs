using CachingProxy.Core.Decisions;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Fetching;
using CachingProxy.Core.Inspection;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Responding;
using CachingProxy.Core.Stores;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Core;

/// <summary>
/// The path of a request through the engine. Only this class defines the order of the steps: <list type="number"> <item>Bypass: some
/// requests have nothing to do with what is stored</item> <item>Lookup: what is stored for the request</item> <item>Decisions: serve,
/// validate, complete, fetch, forward, or give up</item> <item>Fetching: join a fill, begin one that stores the response, or forward</item>
/// <item>Responding: fields, conditions and content for this client</item> </list> Safe for any number of threads.
/// </summary>
public sealed class CacheEngine
{
    private readonly EngineParts _parts;

    /// <summary>
    /// Makes an engine that keeps its entries in <paramref name="memory"/>, and in a second tier behind it if there is one.
    /// </summary>
    public CacheEngine(
        ICacheStore memory,
        CacheEngineOptions options,
        TimeProvider time,
        ILogger<CacheEngine> logger,
        ISecondTier? secondTier = null
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        _parts = EngineParts.Wire(memory, options, time, logger, secondTier);
    }

    /// <summary>Reports what is stored, and what the engine would do with a request.</summary>
    public Inspector Inspector => _parts.Inspector;

    /// <summary>The number of fills under way: fetches that do not depend on the connection of any client.</summary>
    public int RunningFills => _parts.Fills.Running;

    /// <summary>
    /// The number of requests that did not wait for another request's fetch, because its response could not have been shared
    /// (hit-for-miss).
    /// </summary>
    public long HitsForMiss => _parts.HitForMiss.Uses;

    /// <summary>The number of requests that wait for the head of another request's fetch now.</summary>
    public int WaitingRequests => _parts.Fills.WaitingRequests;

    /// <summary>For the bodies that are still arriving, the number of bytes that are kept now.</summary>
    public long GrowingBytes => _parts.Growth.TakenBytes;

    /// <summary>The position of the log of purges on this node.</summary>
    public LogPosition LogPosition => _parts.Invalidations.Position;

    /// <summary>The number of clients that were cut off because they held up other clients.</summary>
    public long ReadersCutOff => _parts.Growth.ReadersCutOff;

    /// <summary>
    /// Loads the purges that the second tier has recorded. Must be called before the first request. Does nothing without a second tier.
    /// </summary>
    public ValueTask OpenAsync() => _parts.SecondTier?.OpenAsync(_parts.PurgeSink) ?? ValueTask.CompletedTask;

    /// <summary>
    /// Answers a request, from the store or from its origin. A failure on the way is part of the answer (<see
    /// cref="CacheResult.Failure"/>).
    /// </summary>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public ValueTask<CacheResult> ServeAsync(CacheRequest request, CancellationToken clientGone)
    {
        ArgumentNullException.ThrowIfNull(request);

        // 1. Bypass.
        if (ReuseRules.Bypass(request) is { } bypass)
        {
            if (request.IsLimited)
            {
                return LimitedBypassAsync(request, bypass, clientGone);
            }

            return ReuseRules.IsOnlyIfCached(request) ? new(Responder.OnlyIfCached(bypass)) : ForwardAsync(request, bypass, clientGone);
        }

        // 2. Lookup. The memory answers at once, and a hit in it goes through without waiting for anything.
        var lookup = _parts.Lookup.FindAsync(request, _parts.Clock.Now);
        return lookup.IsCompletedSuccessfully
            ? DecideAsync(request, lookup.GetAwaiter().GetResult(), clientGone)
            : AwaitLookupAsync(request, lookup, clientGone);
    }

    /// <summary>Passes on a response that a face has fetched by itself for one client. Keeps nothing of the response.</summary>
    public CacheResult PassOn(CacheRequest request, OriginResponse response) =>
        _parts.Responder.Passing(request, response, CacheStatus.Forward(ForwardReason.Upgrade));

    /// <summary>
    /// Tells whether any response is stored for a URI, on whatever face and for whatever host and variant, fresh or stale.
    /// </summary>
    public ValueTask<bool> HasStoredAsync(CacheKey uri) => _parts.Lookup.HasAnyAsync(uri);

    /// <summary>
    /// Purges on all faces and for all hosts and variants. When this returns, no matching response that was fetched before is served any
    /// more; after a soft purge, none is served as fresh.
    /// </summary>
    /// <exception cref="PurgeNotPropagatedException">The purge is in force on this node, but has not reached other nodes yet.</exception>
    public async ValueTask PurgeAsync(Purge purge) => await _parts.Purger.PurgeAsync(purge);

    private async ValueTask<CacheResult> AwaitLookupAsync(
        CacheRequest request,
        ValueTask<LookupResult> lookup,
        CancellationToken clientGone
    ) => await DecideAsync(request, await lookup, clientGone);

    // 3. Decisions.
    private ValueTask<CacheResult> DecideAsync(CacheRequest request, LookupResult lookup, CancellationToken clientGone)
    {
        var decision = ReuseRules.Decide(request, lookup, _parts.Clock.Now);
        return request.IsLimited ? LimitedAsync(request, decision, clientGone) : ActAsync(request, decision, clientGone);
    }

    // The limits of a client are checked after the look-up, because only the look-up tells whether the origin must be asked.
    private async ValueTask<CacheResult> LimitedAsync(CacheRequest request, ReuseDecision decision, CancellationToken clientGone)
    {
        var needsOrigin = decision is not (ReuseDecision.Serve or ReuseDecision.GatewayTimeout);
        return await request.AdmitAsync(needsOrigin) is { } refusal
            ? Responder.Refused(refusal)
            : await ActAsync(request, decision, clientGone);
    }

    private async ValueTask<CacheResult> LimitedBypassAsync(CacheRequest request, ForwardReason bypass, CancellationToken clientGone)
    {
        if (await request.AdmitAsync(needsOrigin: true) is { } refusal)
        {
            return Responder.Refused(refusal);
        }

        return ReuseRules.IsOnlyIfCached(request) ? Responder.OnlyIfCached(bypass) : await ForwardAsync(request, bypass, clientGone);
    }

    private ValueTask<CacheResult> ActAsync(CacheRequest request, ReuseDecision decision, CancellationToken clientGone) =>
        decision switch
        {
            ReuseDecision.Serve(var entry, var age, var reason) => new(Serve(request, entry, age, reason)),
            ReuseDecision.Revalidate(var entry, var reason, var standIn) => FetchAsync(request, reason, entry, standIn, clientGone),
            ReuseDecision.Fetch(var reason, var standIn) => FetchAsync(request, reason, null, standIn, clientGone),
            ReuseDecision.Complete(var part, var missing) => CompleteAsync(request, part, missing, clientGone),
            ReuseDecision.Forward(var reason) when request.IsHead => JoinOrForwardAsync(request, reason, clientGone),
            ReuseDecision.Forward(var reason) => ForwardAsync(request, reason, clientGone),
            ReuseDecision.GatewayTimeout(var reason) => new(Responder.OnlyIfCached(reason)),
            _ => throw new InvalidOperationException("No action is defined for this decision."),
        };

    private CacheResult Serve(CacheRequest request, CacheEntry entry, TimeSpan age, HitReason reason)
    {
        if (reason is HitReason.StaleWhileRevalidate or HitReason.EarlyRefresh && !request.IsHead)
        {
            _parts.Refresher.Refresh(request, entry);
        }

        return _parts.Responder.FromStore(request, entry, age, reason);
    }

    // 4. Fetching; 5. responding.
    private async ValueTask<CacheResult> FetchAsync(
        CacheRequest request,
        ForwardReason reason,
        CacheEntry? validating,
        CacheEntry? standIn,
        CancellationToken clientGone
    ) =>
        await _parts.Fetcher.FetchAsync(request, reason, validating, standIn, clientGone) is var fetched and not FetchResult.ToForward
            ? _parts.Responder.FromOrigin(request, fetched, reason)
            : await ForwardAsync(request, reason, clientGone);

    private async ValueTask<CacheResult> CompleteAsync(
        CacheRequest request,
        CacheEntry part,
        MissingPart missing,
        CancellationToken clientGone
    ) =>
        await _parts.Fetcher.CompleteAsync(request, part, missing, clientGone) is var fetched and not FetchResult.ToForward
            ? _parts.Responder.FromOrigin(request, fetched, ForwardReason.Partial)
            : await ForwardAsync(request, ForwardReason.Partial, clientGone);

    // Answers a HEAD from a running fetch of the whole response, if there is one.
    private async ValueTask<CacheResult> JoinOrForwardAsync(CacheRequest request, ForwardReason reason, CancellationToken clientGone) =>
        _parts.Responder.FromOrigin(
            request,
            await _parts.Fetcher.JoinWholeAsync(request, clientGone) ?? await _parts.Forwarder.ForwardAsync(request, clientGone),
            reason
        );

    private async ValueTask<CacheResult> ForwardAsync(CacheRequest request, ForwardReason reason, CancellationToken clientGone) =>
        _parts.Responder.FromOrigin(request, await _parts.Forwarder.ForwardAsync(request, clientGone), reason);
}
