using System.Globalization;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Decisions;

/// <summary>The bytes that a stored part lacks to be the whole (RFC 9111 §3.4).</summary>
/// <param name="Bytes">The range that is missing.</param>
/// <param name="Validator">The strong validator that the missing bytes must have.</param>
internal sealed record MissingPart(ContentRange Bytes, string Validator)
{
    /// <summary>Tells whether the missing bytes come after the stored ones, and not before them.</summary>
    public bool IsLast => Bytes.First > 0;

    /// <summary>The <c>Range</c> that asks for the missing bytes.</summary>
    public string Range =>
        IsLast
            ? string.Create(CultureInfo.InvariantCulture, $"bytes={Bytes.First}-")
            : string.Create(CultureInfo.InvariantCulture, $"bytes=0-{Bytes.Last}");

    /// <summary>
    /// Returns the missing bytes. Returns null if one range cannot bring them, if no strong validator ties them to the stored part, or if
    /// the whole would be too large.
    /// </summary>
    public static MissingPart? Of(CacheEntry entry, CachePolicy policy)
    {
        if (
            entry.Part is not { IsExact: true, Stated.Complete: { } complete } part
            || complete > policy.MaxObjectBytes
            || StrongValidator.Of(entry) is not { } validator
        )
        {
            return null;
        }

        if (part.First == 0 && part.Last < complete - 1)
        {
            return new MissingPart(new ContentRange(part.Last + 1, complete - 1, complete), validator);
        }

        if (part.First > 0 && part.Last == complete - 1)
        {
            return new MissingPart(new ContentRange(0, part.First - 1, complete), validator);
        }

        return null;
    }

    /// <summary>Tells whether a 206 brings exactly the missing bytes.</summary>
    public bool IsIn(CacheEntry received) =>
        received.Part is { IsExact: true } part && part.Stated == Bytes && StrongValidator.Of(received) == Validator;
}
