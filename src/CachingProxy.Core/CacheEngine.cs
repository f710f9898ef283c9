using CachingProxy.Core.Decisions;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Fetching;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Lookup;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Origins;
using CachingProxy.Core.Parsing;
using CachingProxy.Core.Purging;
using CachingProxy.Core.Responding;
using CachingProxy.Core.Stores;
using CachingProxy.Core.Storing;
using CachingProxy.Core.Telemetry;
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
    // A purge every moment must not keep a request from ever being answered.
    private const int MaxJoins = 4;

    private readonly SteadyClock _clock;
    private readonly InvalidationLog _log;
    private readonly ISecondTier? _behind;
    private readonly PurgeSink _sink;
    private readonly Purger _purger;
    private readonly Freshener _freshener;
    private readonly CacheLookup _lookup;
    private readonly Unshareables _unshareables = new();
    private readonly RefreshPauses _refreshes = new();
    private readonly GrowthBudget _growth;
    private readonly FillTable _fills;
    private readonly Responder _responder;
    private readonly FailureLog _failures;
    private readonly int _maxWaiters;

    /// <summary>An engine that keeps its entries in <paramref name="memory"/>, and behind it in another tier if there is one.</summary>
    public CacheEngine(ICacheStore memory, CacheEngineOptions options, TimeProvider time, ILogger<CacheEngine> logger, ISecondTier? behind = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _clock = new SteadyClock(time);
        _maxWaiters = options.MaxWaitersPerFill;
        _log = new InvalidationLog(_clock);
        _behind = behind;
        var store = behind is null ? memory : new TieredStore(memory, behind, _log, _clock);
        _growth = new GrowthBudget(options.MaxGrowingBytes);
        var variances = new SearchVariances();
        _sink = new PurgeSink(_log, memory, variances);
        _purger = new Purger(_log, _sink, behind);
        _lookup = new CacheLookup(store, _log, variances);
        var entries = new EntryFactory(_clock, variances, options.Pseudonym);
        _freshener = new Freshener(store, _lookup, entries, _clock);
        _failures = new FailureLog(logger, _clock);
        _fills = new FillTable(new FillTools(store, memory, behind as IFetchLeases, entries, _freshener, new PartCombination(store, _log), _unshareables, _growth, _log, _clock, logger, _failures));
        _responder = new Responder(_clock, options.Pseudonym);
    }

    /// <summary>How many fetches are under way that belong to no client.</summary>
    public int RunningFills => _fills.Running;

    /// <summary>How many requests did not wait for another's fetch because its response could not have been shared (hit-for-miss).</summary>
    public long HitsForMiss => _unshareables.Uses;

    /// <summary>What bodies take now while they arrive and are kept, in bytes.</summary>
    public long GrowingBytes => _growth.TakenBytes;

    /// <summary>Where the log of purges stands on this node.</summary>
    public LogPosition LogPosition => _log.Position;

    /// <summary>How many clients were cut off because they held others up.</summary>
    public long ReadersCutOff => _growth.ReadersCutOff;

    /// <summary>Takes in what the tier behind the memory knows of purges; before the first request. Without such a tier there is nothing to do.</summary>
    public ValueTask OpenAsync() => _behind?.OpenAsync(_sink) ?? ValueTask.CompletedTask;

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
            return ReuseRules.IsOnlyIfCached(request) ? new(Responder.OnlyIfCached(bypass)) : ForwardAsync(request, bypass, clientGone);
        }

        // 3. Lookup. The memory tier answers at once, and a hit in it goes through without waiting for anything.
        var lookup = _lookup.FindAsync(request, _clock.Now);
        return lookup.IsCompletedSuccessfully
            ? DecideAsync(request, lookup.GetAwaiter().GetResult(), clientGone)
            : AwaitLookupAsync(request, lookup, clientGone);
    }

    /// <summary>Passes a response on that a face has fetched by itself, for this client alone; nothing of it is kept.</summary>
    public CacheResult PassOn(CacheRequest request, OriginResponse response) =>
        _responder.Passing(request, response, CacheStatus.Forward(ForwardReason.Upgrade));

    /// <summary>
    /// Purges on all faces and for all hosts and variants. When this returns, nothing that matches and was fetched before is served
    /// any more; after a soft purge, not as fresh.
    /// </summary>
    /// <exception cref="PurgeNotPropagatedException">It holds here, and could not be told to other nodes yet.</exception>
    public async ValueTask PurgeAsync(Purge purge) => await _purger.PurgeAsync(purge);

    /// <summary>Tells whether any response is stored for a URI, on whatever face and for whatever host and variant, fresh or stale.</summary>
    public ValueTask<bool> HasStoredAsync(CacheKey uri) => _lookup.HasAnyAsync(uri);

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
            ReuseDecision.Forward(var reason) when request.IsHead => JoinOrForwardAsync(request, reason, clientGone),
            ReuseDecision.Forward(var reason) => ForwardAsync(request, reason, clientGone),
            ReuseDecision.GatewayTimeout(var reason) => new(Responder.OnlyIfCached(reason)),
            _ => throw new InvalidOperationException("A decision that nobody acts on."),
        };

    private CacheResult Serve(CacheRequest request, CacheEntry entry, TimeSpan age, HitReason reason)
    {
        if (reason is HitReason.StaleWhileRevalidate or HitReason.EarlyRefresh && !request.IsHead && _refreshes.TryBegin(entry.Serial, _clock.Now))
        {
            _fills.BeginDetached(request, FillPlace.ToRefresh(request, entry), () => FillRequest.ToRefresh(request, entry));
        }

        return _responder.FromStore(request, entry, age, reason);
    }

    // 5. Fetching, for whoever wants the same; 6. storing is the fill's own work; 7. responding.
    private async ValueTask<CacheResult> FetchAsync(
        CacheRequest request, ForwardReason reason, CacheEntry? validating, CacheEntry? standIn, CancellationToken clientGone)
    {
        var status = CacheStatus.Forward(reason);
        Fill? own = null;
        if (request.HasRange && validating is null && await JoinWholeAsync(request, status, clientGone) is { } slice)
        {
            return slice;
        }

        var isKnownUnshareable = _unshareables.Contains(request, _clock.Now);
        if (isKnownUnshareable && validating is null && ConditionalRequest.IsConditional(request.Fields))
        {
            // Nothing is going to be kept that the client's condition could be decided upon: that is for the origin.
            return await ForwardAsync(request, reason, clientGone);
        }

        if (!isKnownUnshareable)
        {
            var (joined, began) = await JoinAsync(request, status, standIn, validating is null ? FillPlace.Of(request) : FillPlace.OfWhole(request), ToFetch, clientGone);
            if (joined is not null)
            {
                return joined;
            }

            own = began;
        }

        own ??= _fills.Begin(ToFetch());
        var head = await WaitAsync(own, clientGone);
        if (_responder.StandIn(request, Current(request, standIn), head, status) is { } stale)
        {
            await own.AbandonAsync();
            return stale;
        }

        return _responder.FirstHand(request, head, status);

        FillRequest ToFetch() =>
            (validating is null ? FillRequest.Of(request) : FillRequest.ToValidate(request, validating)) with
            {
                HasStandIn = standIn is not null,
                MayReplace = reason is not (ForwardReason.UriMiss or ForwardReason.VaryMiss or ForwardReason.Purged),
                AcceptsStored = !request.HasRange && reason is ForwardReason.UriMiss or ForwardReason.VaryMiss or ForwardReason.Stale,
            };
    }

    // A waiter stays only if the response may be reused for its own request, which the head tells. Those of another variant go on to
    // wait for it together, now that it is known which they want. With nothing to wait for, a fill begins that others may join.
    private async ValueTask<(CacheResult? Joined, Fill? Began)> JoinAsync(
        CacheRequest request, CacheStatus status, CacheEntry? standIn, FillPlace place, Func<FillRequest> toFetch, CancellationToken clientGone)
    {
        for (var purges = 0; ;)
        {
            var (fill, began) = _fills.JoinOrBegin(request, place, toFetch);
            if (began && fill.Earlier is null)
            {
                return (null, fill);
            }

            if (began)
            {
                // Begun beside one that is overdue, it is for all who wait, as that one is.
                _ = fill.AbandonAsync();
            }

            var (outcome, joined) = await fill.JoinAsync(
                LimitsOf(request), _clock.Source,
                (outcome, source) => _responder.StandIn(request, Current(request, standIn), outcome, status with { IsCollapsed = true })
                    ?? (_fills.IsJoinable(request, source) ? _responder.Join(request, outcome, status) : null),
                clientGone);
            // Too slow, or purged while they waited: together to the next one.
            if (outcome is null)
            {
                continue;
            }

            if (joined is null && !_fills.IsJoinable(request, fill) && ++purges < MaxJoins)
            {
                continue;
            }

            if (joined is not null || place.Variant.Length > 0 || FillOutcome.VariantOf(outcome) is not { } variant || request.Selects(variant))
            {
                return (joined, null);
            }

            place = place.Among(variant, request);
        }
    }

    // What a HEAD asks for, and any range, is in the whole that is being fetched; null where it is not, or cannot be had from it.
    private async ValueTask<CacheResult?> JoinWholeAsync(CacheRequest request, CacheStatus status, CancellationToken clientGone)
    {
        if (_fills.Find(request, FillPlace.OfWhole(request)) is not { } fill)
        {
            return null;
        }

        var (_, joined) = await fill.JoinAsync(
            LimitsOf(request), _clock.Source,
            (outcome, _) => outcome is FillOutcome.Failed({ Error: OriginError.Overloaded })
                || (outcome is not FillOutcome.Failed && (request.IsHead || _responder.CanSlice(request, outcome))) ? _responder.Join(request, outcome, status) : null,
            clientGone);
        return joined;
    }

    private async ValueTask<CacheResult> JoinOrForwardAsync(CacheRequest request, ForwardReason reason, CancellationToken clientGone) =>
        await JoinWholeAsync(request, CacheStatus.Forward(reason), clientGone) ?? await ForwardAsync(request, reason, clientGone);

    private WaitLimits LimitsOf(CacheRequest request) => new(_maxWaiters, request.Face.Policy.WaitTimeout);

    // Purged meanwhile, it stands in for nothing.
    private CacheEntry? Current(CacheRequest request, CacheEntry? entry) => entry is not null && !_lookup.IsGone(request, entry) ? entry : null;

    // What is missing of a part is fetched as a part of its own, and put together where it is stored.
    private async ValueTask<CacheResult> CompleteAsync(CacheRequest request, CacheEntry part, MissingPart missing, CancellationToken clientGone)
    {
        var status = CacheStatus.Forward(ForwardReason.Partial);
        var (fill, began) = _fills.JoinOrBegin(request, FillPlace.Of(request, missing), () => FillRequest.ToComplete(request, missing));
        CacheResult? Whole(FillOutcome head) => _responder.Completed(request, part, missing, head, status with { IsCollapsed = !began })
            // The origin has sent something else: the whole of another representation, or nothing that is of use.
            ?? (IsPart(head) ? null : began ? _responder.FirstHand(request, head, status) : _responder.Join(request, head, status));
        var whole = began ? Whole(await WaitAsync(fill, clientGone)) : (await fill.JoinAsync(LimitsOf(request), _clock.Source, (outcome, _) => Whole(outcome), clientGone)).Answer;
        if (whole is not null)
        {
            return whole;
        }

        await (began ? fill.AbandonAsync() : Task.CompletedTask);
        return await FetchAsync(request, ForwardReason.Partial, null, null, clientGone);

        static bool IsPart(FillOutcome outcome) => outcome is FillOutcome.Shared { Entry.Part: not null } or FillOutcome.Unshared { Response.Status: 206 or 416 };
    }

    private static async ValueTask<FillOutcome> WaitAsync(Fill fill, CancellationToken clientGone)
    {
        try
        {
            return await fill.Head.WaitAsync(clientGone);
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
        var requestedAt = _clock.Now;
        var position = _log.Begin();
        OriginResponse? response = null;
        try
        {
            var toOrigin = request.CreateOriginRequest() with { OnInterim = request.OnInterim };
            response = await request.Face.Origin.SendAsync(toOrigin, clientGone);
            if (UnsafeMethods.IsUnsafe(request.Method))
            {
                if (await _purger.AfterUnsafeAsync(request, response, position) is { } left)
                {
                    var fill = _fills.BeginAt(FillRequest.OfReceived(request, response, requestedAt), left);
                    return _responder.FirstHand(request, await WaitAsync(fill, clientGone), status);
                }
            }
            else if (request.IsHead && ReuseRules.Bypass(request) is null)
            {
                await _freshener.AfterHeadAsync(request, response, requestedAt);
            }

            return _responder.Passing(request, response, status);
        }
        catch (OriginException failure)
        {
            _failures.Add(new OriginRequest(request.Method, request.Key, FieldList.Empty), failure);
            // Unless it was never sent, the origin may have done what it was asked to before its answer was lost.
            await (failure.MayHaveBeenSent ? _purger.AfterSilenceAsync(request) : ValueTask.CompletedTask);
            return CacheResult.OfFailure(failure, status);
        }
        catch (Exception failure)
        {
            await (response?.DisposeAsync() ?? ValueTask.CompletedTask);
            await (failure is OperationCanceledException ? _purger.AfterSilenceAsync(request) : ValueTask.CompletedTask);
            throw;
        }
        finally
        {
            _log.End(position);
        }
    }
}
