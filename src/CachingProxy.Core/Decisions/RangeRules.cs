using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Decisions;

/// <summary>Decides which bytes of a stored response answer a request (RFC 9110 §14.2, RFC 9111 §3.3). Does no I/O.</summary>
internal static class RangeRules
{
    /// <summary>
    /// Decides which bytes answer a request. <paramref name="length"/> is the number of bytes of the content that is stored or is being
    /// stored; null while it is not known.
    /// </summary>
    public static RangeDecision Decide(CacheRequest request, CacheEntry entry, long? length)
    {
        if (!request.HasRange)
        {
            return entry.Part is null ? new RangeDecision.Whole(RangeIgnored.NotAsked) : RangeDecision.NotStored.Instance;
        }

        var lines = request.Fields["Range"];
        var isMet = StrongValidator.IsMetBy(request.Fields, entry);
        if (entry.Part is { } part)
        {
            return isMet ? OfPart(part, lines.ToString()) : RangeDecision.NotStored.Instance;
        }

        if (entry.Status != 200 || length is null)
        {
            return new RangeDecision.Whole(RangeIgnored.Status);
        }

        if (!isMet)
        {
            return new RangeDecision.Whole(RangeIgnored.OtherRepresentation);
        }

        if (RangeField.Parse(lines) is { } ranges)
        {
            return OfWhole(ranges, length.Value);
        }

        return new RangeDecision.Whole(RangeIgnored.Unreadable);
    }

    private static RangeDecision OfWhole(IReadOnlyList<RangeField> ranges, long length)
    {
        var slices = new List<RangeDecision.Slice>();
        foreach (var range in ranges)
        {
            if (range.Of(length) is var (first, last))
            {
                slices.Add(new RangeDecision.Slice(first, last - first + 1, new ContentRange(first, last, length)));
            }
        }

        if (slices.Count == 0)
        {
            return new RangeDecision.NotSatisfiable(length);
        }

        // If the ranges have more bytes in total than the content, some of them overlap. Only an attacker needs that (RFC 9110 §17.15).
        if (slices.Sum(slice => slice.Length) > length)
        {
            return new RangeDecision.Whole(RangeIgnored.Overlapping);
        }

        return new RangeDecision.Slices(slices);
    }

    // RFC 9111 §3.3: a part answers only ranges that lie wholly within it, and the exact Range that it was fetched with.
    private static RangeDecision OfPart(StoredPart part, string asked)
    {
        if (asked.Length > 0 && asked == part.Asked)
        {
            return new RangeDecision.Slices([new RangeDecision.Slice(0, part.Length, part.Stated)]);
        }

        if (RangeField.Parse(asked) is not [var range])
        {
            return RangeDecision.NotStored.Instance;
        }

        var bytes = (part.Stated.Complete, range) switch
        {
            ({ } complete, _) => range.Of(complete),
            (null, { First: { } from, Last: { } to }) => (from, to),
            _ => null,
        };
        return bytes is var (first, last) && first >= part.First && last <= part.Last
            ? new RangeDecision.Slices([
                new RangeDecision.Slice(first - part.First, last - first + 1, new ContentRange(first, last, part.Stated.Complete)),
            ])
            : RangeDecision.NotStored.Instance;
    }
}
