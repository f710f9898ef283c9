using CachingProxy.Core.Decisions;
using CachingProxy.Core.Storing;

namespace CachingProxy.Core.Lookup;

/// <summary>RFC 9111 §4.1: which of several stored responses a request selects.</summary>
internal static class VariantSelection
{
    /// <summary>The most recent one (by <c>Date</c>, then by arrival: the newest is last) whose selecting fields match; without one, why.</summary>
    public static (CacheEntry? Entry, ForwardReason Miss) Select(CacheRequest request, IReadOnlyList<CacheEntry> candidates)
    {
        CacheEntry? best = null;
        var miss = ForwardReason.UriMiss;
        for (var i = 0; i < candidates.Count; i++)
        {
            var candidate = candidates[i];
            if (candidate.Partition != request.Partition)
            {
                continue;
            }

            miss = ForwardReason.VaryMiss;
            if ((best is null || candidate.Date >= best.Date) && candidate.Variant.Matches(request.Fields))
            {
                best = candidate;
            }
        }

        return (best, miss);
    }
}
