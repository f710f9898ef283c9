using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;

namespace CachingProxy.Core.Decisions;

/// <summary>Selects one of several stored responses for a request (RFC 9111 §4.1).</summary>
internal static class VariantSelection
{
    /// <summary>
    /// Returns the most recent entry (by <c>Date</c>, then by arrival: the newest is last) whose selecting fields match. A stored part must
    /// hold the requested bytes, or be one that can be completed. A fresh entry takes precedence over a stale one. Where no entry fits,
    /// returns the reason.
    /// </summary>
    public static (CacheEntry? Entry, ForwardReason Miss) Select(
        CacheRequest request,
        IReadOnlyList<CacheEntry> candidates,
        DateTimeOffset now
    )
    {
        CacheEntry? best = null;
        var miss = ForwardReason.UriMiss;
        for (var i = 0; i < candidates.Count; i++)
        {
            var candidate = candidates[i];
            if (!candidate.IsForUriOf(request))
            {
                continue;
            }

            if (!request.Selects(candidate.Variant))
            {
                miss = miss == ForwardReason.UriMiss ? ForwardReason.VaryMiss : miss;
            }
            else if (candidate.Part is not null && !IsOfUse(request, candidate))
            {
                miss = ForwardReason.Partial;
            }
            else if (best is null || IsBetter(request, candidate, best, now))
            {
                best = candidate;
            }
        }

        return (best, miss);
    }

    private static bool IsBetter(CacheRequest request, CacheEntry candidate, CacheEntry best, DateTimeOffset now)
    {
        // A whole that is stored is better than a part that would have to be completed.
        if (!request.HasRange && (candidate.Part is null) != (best.Part is null))
        {
            return candidate.Part is null;
        }

        var isFresh = candidate.IsFreshAt(request.Face.Policy, now);
        return isFresh == best.IsFreshAt(request.Face.Policy, now) ? candidate.Date >= best.Date : isFresh;
    }

    private static bool IsOfUse(CacheRequest request, CacheEntry part) =>
        request.HasRange
            ? RangeRules.Decide(request, part, part.Body.Length) is not RangeDecision.NotStored
            : request.IsGet && MissingPart.Of(part, request.Face.Policy) is not null;
}
