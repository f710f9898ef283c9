using System.Diagnostics.CodeAnalysis;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using CachingProxy.Core.Purging;
using CachingProxy.Core.Stores;

namespace CachingProxy.Core.Storing;

/// <summary>
/// Joins adjoining stored parts of the same representation until they are the whole (RFC 9111 §3.4). Works on one part at a time for each
/// URI, and copies no content: the whole reuses the chunks of its parts. Safe for any number of threads.
/// </summary>
[SuppressMessage(
    "Design",
    "CA1001:Types that own disposable fields should be disposable",
    Justification = "A semaphore without a wait handle holds nothing."
)]
internal sealed class PartCombination(ICacheStore store, InvalidationLog invalidations)
{
    // URIs that share a semaphore wait for each other now and then, which does no harm.
    private readonly SemaphoreSlim[] _turns = [.. Enumerable.Range(0, 64).Select(_ => new SemaphoreSlim(1))];

    /// <summary>Joins a part that a fill has just stored with the parts that were stored before.</summary>
    /// <param name="request">The request of the fill.</param>
    /// <param name="added">The part.</param>
    /// <param name="position">The position of the invalidation log when the fill began.</param>
    public async ValueTask CombineAsync(StoredRequest request, CacheEntry added, LogPosition position)
    {
        var turn = _turns[(uint)added.Key.GetHashCode() % _turns.Length];
        await turn.WaitAsync();
        try
        {
            foreach (var other in (await store.FindAsync(added.Key)).ToList())
            {
                if (
                    !other.IsSameAs(added)
                    && AreOfOneWhole(added, other)
                    && await JoinAsync(added, other, request.Policy.MaxObjectBytes) is { } joined
                )
                {
                    added = joined;
                }
            }

            if (added.Part is { IsExact: true, First: 0 } part && part.Last == part.Stated.Complete - 1)
            {
                var whole = added with { Status = 200, Part = null };
                await store.UpdateAsync(added, whole);
                added = whole;
            }

            // A purge may have come while the parts were joined. Remove the joined entry: the record of that purge may be dropped when the
            // fill ends.
            if (invalidations.IsGone(request.Key, added.SearchVariance, added.Tags, position))
            {
                await store.RemoveAsync(added);
            }
        }
        finally
        {
            turn.Release();
        }
    }

    private static bool AreOfOneWhole(CacheEntry one, CacheEntry other) =>
        one.Part is { IsExact: true } part
        && other.Part is { IsExact: true } otherPart
        && part.Adjoins(otherPart)
        && part.Stated.Complete == otherPart.Stated.Complete
        && one.Partition == other.Partition
        && one.Target == other.Target
        && one.Variant.IsSameAs(other.Variant)
        && StrongValidator.Of(one) is { } validator
        && validator == StrongValidator.Of(other);

    private async ValueTask<CacheEntry?> JoinAsync(CacheEntry newer, CacheEntry older, long maxBytes)
    {
        var (low, high) = newer.Part!.First <= older.Part!.First ? (newer, older) : (older, newer);
        var (first, last) = (low.Part!.First, Math.Max(low.Part.Last, high.Part!.Last));
        var stated = newer.Part.Stated with { First = first, Last = last };
        if (stated.Length > maxBytes || low.Body is not StoredBody lowBody || high.Body is not StoredBody highBody)
        {
            return null;
        }

        // The newer one's fields update the older one's (RFC 9111 §3.4).
        var joined = newer with
        {
            Serial = Random.Shared.NextInt64(),
            Part = new StoredPart(stated, stated.Length, ""),
            Fields = new FieldList([.. older.Fields.Without(newer.Fields.Contains), .. newer.Fields]).Without(ContentDigests.Contains),
            Body = ResponseBody.Empty,
            Position = LogPosition.Earlier(newer.Position, older.Position),
        };
        if (store.OpenWriter(joined, stated.Length) is not { } writer)
        {
            return null;
        }

        await using (writer)
        {
            var overlap = low.Part.Last + 1 - high.Part.First;
            foreach (var chunk in lowBody.TakeOut(0, low.Part.Length).Concat(highBody.TakeOut(overlap, high.Part.Length - overlap)))
            {
                writer.Append(chunk);
            }

            // Remove the parts first: an entry never replaces one that was fetched later, and the joined entry has the position of the
            // earlier part.
            await store.RemoveAsync(older);
            await store.RemoveAsync(newer);
            return await writer.CompleteAsync();
        }
    }
}
