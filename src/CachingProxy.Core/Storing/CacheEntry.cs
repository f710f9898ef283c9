using CachingProxy.Core.Decisions;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Parsing;
using CachingProxy.Core.Responding;

namespace CachingProxy.Core.Storing;

/// <summary>
/// A stored response: what the rules know of it, and its content. Immutable; what a validation changes is a new entry
/// with the same content (RFC 9111 §4.3.4).
/// </summary>
public sealed record CacheEntry
{
    internal CacheEntry()
    {
    }

    /// <summary>The upstream URI.</summary>
    public required CacheKey Key { get; init; }

    /// <summary>Who may share it.</summary>
    public required CachePartition Partition { get; init; }

    /// <summary>The status code.</summary>
    public required int Status { get; init; }

    /// <summary>The fields to be served, without <c>Age</c> and <c>Content-Length</c>, which are made anew.</summary>
    public required FieldList Fields { get; init; }

    /// <summary>When it was received, or last validated, by the <see cref="SteadyClock"/>.</summary>
    public DateTimeOffset ReceivedAt { get; init; }

    /// <summary>How old it was at that moment (RFC 9111 §4.2.3).</summary>
    public TimeSpan InitialAge { get; init; }

    /// <summary>The position of the invalidation log when its fetch, or its last validation, began.</summary>
    public required long Position { get; init; }

    /// <summary>The content; empty until a writer has completed the entry.</summary>
    public ResponseBody Body { get; init; } = ResponseBody.Empty;

    /// <summary>The freshness lifetime (RFC 9111 §4.2.1).</summary>
    public TimeSpan Lifetime => Freshness.Lifetime;

    internal VariantKey Variant { get; init; } = VariantKey.None;

    internal Freshness Freshness { get; init; }

    internal CacheControl Control { get; init; } = CacheControl.None;

    internal DateTimeOffset Date { get; init; }

    internal EntityTag? EntityTag { get; init; }

    internal DateTimeOffset? LastModified { get; init; }

    internal bool HasValidator => EntityTag is not null || LastModified is not null;

    /// <summary>RFC 9111 §4.2.4: these directives forbid a shared cache to serve it stale.</summary>
    internal bool ForbidsStale => Control.MustRevalidate || Control.ProxyRevalidate || Control.SharedMaxAge is not null || Control.NoCache;

    /// <summary>The current age at a moment of the <see cref="SteadyClock"/>.</summary>
    public TimeSpan AgeAt(DateTimeOffset now) => CurrentAge.At(now, ReceivedAt, InitialAge);
}
