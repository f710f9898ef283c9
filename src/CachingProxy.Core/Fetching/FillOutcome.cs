using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Fetching;

/// <summary>The outcome of a fill when the head of the origin's response is there: a closed set.</summary>
internal abstract record FillOutcome
{
    private FillOutcome() { }

    /// <summary>True if the response is a part of the representation, or a 416, which says that there is no such part.</summary>
    public bool IsPart => this is Shared { Entry.Part: not null } or Unshared { Response.Status: 206 or 416 };

    /// <summary>Returns the selecting fields of the response; null if the response may not be shared.</summary>
    public static VariantKey? VariantOf(FillOutcome outcome) =>
        outcome switch
        {
            Shared(var entry, _, _, _) => entry.Variant,
            Validated(var entry, true) => entry.Variant,
            Found(var entry) => entry.Variant,
            _ => null,
        };

    /// <summary>The response is stored as it arrives, and may be shared.</summary>
    /// <param name="Entry">The entry to be stored; its content is in <paramref name="Body"/>.</param>
    /// <param name="Body">The content, growing.</param>
    /// <param name="FirstHandFields">The fields for the request that began the fill.</param>
    /// <param name="FirstReader">The reader for the request that began the fill, opened at the beginning of the content.</param>
    public sealed record Shared(CacheEntry Entry, GrowingBody Body, FieldList FirstHandFields, GrowingBodyReader FirstReader) : FillOutcome;

    /// <summary>
    /// The origin confirmed the stored response (RFC 9111 §4.3.3). If the response is not stored any more, it answers only the request that
    /// began the fill.
    /// </summary>
    public sealed record Validated(CacheEntry Entry, bool IsStored) : FillOutcome;

    /// <summary>Another fetch has stored a response that may be used, and the origin was not asked.</summary>
    public sealed record Found(CacheEntry Entry) : FillOutcome;

    /// <summary>The response is not stored, and belongs to the request that began the fill.</summary>
    public sealed record Unshared(OriginResponse Response, NotStoredReason Reason) : FillOutcome;

    /// <summary>There is no response.</summary>
    public sealed record Failed(OriginException Failure) : FillOutcome;
}
