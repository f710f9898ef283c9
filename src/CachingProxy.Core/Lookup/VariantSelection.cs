using CachingProxy.Core.Decisions;
using CachingProxy.Core.Storing;

namespace CachingProxy.Core.Lookup;

/// <summary>RFC 9111 §4.1: which of several stored responses a request selects.</summary>
internal static class VariantSelection
{
    /// <summary>
    /// The most recent one (by <c>Date</c>, then by arrival: the newest is last) whose selecting fields match and that holds
    /// what is asked for, or could be completed; without one, why.
    /// </summary>
    public static (CacheEntry? Entry, ForwardReason Miss) Select(CacheRequest request, IReadOnlyList<CacheEntry> candidates)
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

            if (!candidate.Variant.Matches(request.Fields))
            {
                miss = miss == ForwardReason.UriMiss ? ForwardReason.VaryMiss : miss;
            }
            else if (candidate.Part is not null && !IsOfUse(request, candidate))
            {
                miss = ForwardReason.Partial;
            }
            else if (best is null || candidate.Date >= best.Date)
            {
                best = candidate;
            }
        }

        return (best, miss);
    }

    private static bool IsOfUse(CacheRequest request, CacheEntry part) => request.HasRange
        ? RangeRules.Decide(request, part) is not RangeDecision.NotStored
        : request.IsGet && MissingPart.Of(part) is not null;
}
