using System.Collections.Concurrent;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Limits;
using CachingProxy.Core.Messages;

namespace CachingProxy.Core.Origins;

/// <summary>
/// Limits how often an origin is asked. The limits are those of the operator, and those that the origin itself states in <c>Retry-After</c>
/// and <c>RateLimit</c>. Requests wait for their turn for a limited time: first the requests for which nothing is stored, then
/// revalidations, then refreshes. If the origin states that few requests are left in its window, refreshes are refused. Safe for any number
/// of threads.
/// </summary>
/// <param name="limits">The operator's limits, which apply to each origin separately. Empty if the operator set none.</param>
/// <param name="counter">Counts the requests of this node, or of all nodes together.</param>
/// <param name="timeout">How long a request waits for its turn.</param>
/// <param name="time">The clock.</param>
public sealed class OriginQuota(IReadOnlyList<RateLimit> limits, IRateCounter counter, TimeSpan timeout, TimeProvider time)
{
    /// <summary>The longest time for which a limit that an origin states itself is obeyed: 1 hour.</summary>
    public static readonly TimeSpan MaxHold = TimeSpan.FromHours(1);

    /// <summary>The largest number of requests that wait for one origin.</summary>
    internal const int MaxQueued = 1024;

    /// <summary>Refreshes are refused if no more than this share of an origin's stated limit is left in its window.</summary>
    internal const double LowShare = 0.1;

    private const int MaxRemembered = 10_000;

    private readonly SteadyClock _clock = new(time);
    private readonly ConcurrentDictionary<string, OriginTurns> _turns = new();
    private readonly ConcurrentDictionary<string, long> _lowUntil = new();
    private long _refused;

    /// <summary>The number of requests that were not sent, because their turn did not come in time.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>The number of requests that wait for their turn now.</summary>
    public int Waiting => _turns.Sum(turns => turns.Value.Waiting);

    /// <summary>Waits until a request may be sent, and counts it.</summary>
    /// <exception cref="OriginException">The turn does not come in time (<see cref="OriginError.Limited"/>).</exception>
    /// <exception cref="OperationCanceledException">The caller has given up.</exception>
    public async ValueTask WaitAsync(OriginRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        var authority = request.Key.Authority;
        if (request.Priority == FetchPriority.Refresh && LowFor(authority) is { } low)
        {
            throw Refuse(low);
        }

        var turns = _turns.GetValueOrDefault(authority);
        if (turns is null)
        {
            var decision = await TryTakeAsync(authority);
            if (decision.IsPermitted)
            {
                return;
            }

            turns = _turns.GetOrAdd(authority, name => new OriginTurns(() => TryTakeAsync(name), timeout, time));
            turns.OnRefused(decision.RetryAfter);
        }

        // A request whose turn cannot come in time is refused at once.
        if (turns.NextTurn > timeout || turns.Waiting >= MaxQueued || !await turns.WaitAsync(request.Priority, cancellation))
        {
            var next = turns.NextTurn;
            Forget(authority, turns);
            throw Refuse(next);
        }

        Forget(authority, turns);
    }

    // Removes an empty queue. A request that has just found this queue still waits in it, and is counted like all other requests.
    private void Forget(string authority, OriginTurns turns)
    {
        if (turns.Waiting == 0)
        {
            _turns.TryRemove(KeyValuePair.Create(authority, turns));
        }
    }

    /// <summary>Reads what a response states about the origin's own limits, so that later requests obey them.</summary>
    /// <param name="authority">The origin.</param>
    /// <param name="response">The response.</param>
    /// <param name="wallNow">The wall clock, for dates.</param>
    public async ValueTask OnResponseAsync(string authority, OriginResponse response, DateTimeOffset wallNow)
    {
        ArgumentNullException.ThrowIfNull(response);
        var quota = QuotaFields.Of(response.Fields, wallNow);
        if (HoldOf(response.Status, quota) is { } hold && hold > TimeSpan.Zero)
        {
            await counter.HoldAsync(KeyOf(authority), hold < MaxHold ? hold : MaxHold);
        }
        else if (quota is { Remaining: { } remaining, Reset: { } reset } && remaining <= (quota.Limit ?? 0) * LowShare)
        {
            Remember(authority, reset < MaxHold ? reset : MaxHold);
        }
    }

    // A refusal may state when to ask again. If no request is left in the window, the origin is asked again when the window ends.
    private static TimeSpan? HoldOf(int status, QuotaFields quota)
    {
        if (status is 429 or 503)
        {
            return quota.RetryAfter ?? (status == 429 ? quota.Reset : null);
        }

        return quota.Remaining == 0 ? quota.Reset : null;
    }

    private static string KeyOf(string authority) => $"origin {authority}";

    private async ValueTask<RateDecision> TryTakeAsync(string authority) =>
        await counter.TryTakeAsync(KeyOf(authority), limits) ?? RateDecision.Unlimited;

    private TimeSpan? LowFor(string authority)
    {
        var left = _lowUntil.TryGetValue(authority, out var until) ? until - _clock.Now.UtcTicks : 0;
        return left > 0 ? TimeSpan.FromTicks(left) : null;
    }

    private void Remember(string authority, TimeSpan reset)
    {
        if (_lowUntil.Count >= MaxRemembered)
        {
            _lowUntil.Clear();
        }

        _lowUntil[authority] = _clock.Now.UtcTicks + reset.Ticks;
    }

    private OriginException Refuse(TimeSpan wait)
    {
        Interlocked.Increment(ref _refused);
        return new OriginException(
            OriginError.Limited,
            "The origin may not be asked so often, and this request's turn does not come in time."
        )
        {
            RetryAfter = wait > TimeSpan.FromSeconds(1) ? wait : TimeSpan.FromSeconds(1),
        };
    }
}
