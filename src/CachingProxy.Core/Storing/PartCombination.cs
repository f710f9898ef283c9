using System.IO.Pipelines;
using CachingProxy.Core.Decisions;
using CachingProxy.Core.Fetching;
using CachingProxy.Core.Responding;

namespace CachingProxy.Core.Storing;

/// <summary>RFC 9111 §3.4: stored parts of the same representation that adjoin become one, and in the end the whole.</summary>
internal static class PartCombination
{
    /// <summary>Puts a part that was just stored together with those that were there before.</summary>
    public static async ValueTask CombineAsync(ICacheStore store, CacheEntry added)
    {
        foreach (var other in (await store.FindAsync(added.Key)).ToList())
        {
            if (!ReferenceEquals(other, added) && AreOfOneWhole(added, other) && await JoinAsync(store, added, other) is { } joined)
            {
                added = joined;
                if (added.Part is null)
                {
                    return;
                }
            }
        }
    }

    private static bool AreOfOneWhole(CacheEntry one, CacheEntry other) =>
        one.Part is { IsExact: true } part && other.Part is { IsExact: true } otherPart && part.Adjoins(otherPart)
        && part.Stated.Complete == otherPart.Stated.Complete
        && one.Partition == other.Partition && one.Target == other.Target && one.Variant.IsSameAs(other.Variant)
        && StrongValidator.Of(one) is { } validator && validator == StrongValidator.Of(other);

    private static async ValueTask<CacheEntry?> JoinAsync(ICacheStore store, CacheEntry newer, CacheEntry older)
    {
        var (low, high) = newer.Part!.First <= older.Part!.First ? (newer, older) : (older, newer);
        var (first, last) = (low.Part!.First, Math.Max(low.Part.Last, high.Part!.Last));
        var stated = newer.Part.Stated with { First = first, Last = last };
        var isWhole = first == 0 && last == stated.Complete - 1;

        // The newer one's fields update the older one's (RFC 9111 §3.4).
        var joined = newer with
        {
            Status = isWhole ? 200 : 206,
            Part = isWhole ? null : new StoredPart(stated, stated.Length, ""),
            Fields = new FieldList([.. older.Fields.Without(newer.Fields.Contains), .. newer.Fields]),
            Body = ResponseBody.Empty,
            Position = Math.Min(newer.Position, older.Position),
        };
        if (store.OpenWriter(joined, stated.Length) is not { } writer)
        {
            return null;
        }

        await using (writer)
        {
            await CopyAsync(low, 0, low.Part.Length, writer);
            var overlap = low.Part.Last + 1 - high.Part.First;
            if (overlap < high.Part.Length)
            {
                await CopyAsync(high, overlap, high.Part.Length - overlap, writer);
            }

            // First, for what was fetched earlier does not take the place of what was fetched later, and this is as old as the older.
            await store.RemoveAsync(older);
            await store.RemoveAsync(newer);
            return await writer.CompleteAsync();
        }
    }

    private static async ValueTask CopyAsync(CacheEntry from, long offset, long length, EntryWriter to)
    {
        var pipe = PipeWriter.Create(new EntryStream(to));
        await from.Body.CopyRangeToAsync(pipe, offset, length, CancellationToken.None);
        await pipe.CompleteAsync();
    }

    /// <summary>Content on its way into an entry.</summary>
    private sealed class EntryStream(EntryWriter entry) : ForwardStream
    {
        public override bool CanWrite => true;

        // The pipe takes its memory back; an entry keeps what it is given.
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            entry.Append(buffer.ToArray());
            return ValueTask.CompletedTask;
        }
    }
}
