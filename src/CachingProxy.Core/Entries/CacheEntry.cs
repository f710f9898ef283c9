using CachingProxy.Core.Keys;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Entries;

/// <summary>
/// A stored response: its content, and the metadata by which the rules decide about it. Immutable; a validation makes a new entry with the
/// same content (RFC 9111 §4.3.4).
/// </summary>
public sealed record CacheEntry
{
    internal CacheEntry() { }

    /// <summary>
    /// The random number that distinguishes the entry from every other, also in other processes. A validation leaves the serial as it is.
    /// </summary>
    public long Serial { get; init; } = Random.Shared.NextInt64();

    /// <summary>
    /// The key of the entry: the upstream URI, without the parts of the query that the response called irrelevant when it was fetched.
    /// </summary>
    public required CacheKey Key { get; init; }

    /// <summary>The path and query of the request that brought the response.</summary>
    public required string Target { get; init; }

    /// <summary>The partition of the requests that may share the response.</summary>
    public required CachePartition Partition { get; init; }

    /// <summary>The status code.</summary>
    public required int Status { get; init; }

    /// <summary>The fields to be served, without <c>Age</c> and <c>Content-Length</c>, which are generated for each response.</summary>
    public required FieldList Fields { get; init; }

    /// <summary>The moment when the response was received, or last validated, by the <see cref="SteadyClock"/>.</summary>
    public DateTimeOffset ReceivedAt { get; init; }

    /// <summary>The age of the response at <see cref="ReceivedAt"/> (RFC 9111 §4.2.3).</summary>
    public TimeSpan InitialAge { get; init; }

    /// <summary>The position of the invalidation log when the fetch of the entry, or its last validation, began.</summary>
    public required LogPosition Position { get; init; }

    /// <summary>The tags that the origin gave the response. A purge of one of them purges the response.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>The content; empty until a writer has completed the entry.</summary>
    public ResponseBody Body { get; init; } = ResponseBody.Empty;

    /// <summary>The freshness lifetime (RFC 9111 §4.2.1).</summary>
    public TimeSpan Lifetime => Freshness.Lifetime;

    internal VariantKey Variant { get; init; } = VariantKey.None;

    /// <summary>The parts of the query that do not matter to the response; null where all of it does.</summary>
    internal SearchVariance? SearchVariance { get; init; }

    /// <summary>The part of the representation that the response holds; null where it holds the whole.</summary>
    internal StoredPart? Part { get; init; }

    internal Freshness Freshness { get; init; }

    internal CacheControl Control { get; init; } = CacheControl.None;

    internal DateTimeOffset Date { get; init; }

    internal EntityTag? EntityTag { get; init; }

    internal DateTimeOffset? LastModified { get; init; }

    internal bool HasValidator => EntityTag is not null || LastModified is not null;

    /// <summary>
    /// The moment until which the response is worth keeping, by the <see cref="SteadyClock"/>: while it is fresh, then while it may be
    /// served stale, and a day more if it can be validated.
    /// </summary>
    public DateTimeOffset WorthKeepingUntil
    {
        get
        {
            var stale = TimeSpan.FromTicks(
                Math.Max((Control.StaleWhileRevalidate ?? default).Ticks, (Control.StaleIfError ?? default).Ticks)
            );
            var kept =
                (Lifetime > InitialAge ? Lifetime - InitialAge : TimeSpan.Zero).TotalSeconds
                + stale.TotalSeconds
                + (HasValidator ? 86_400 : 0);
            return ReceivedAt.AddSeconds(Math.Min(kept, TimeSpan.FromDays(3650).TotalSeconds));
        }
    }

    /// <summary>Returns the current age at a moment of the <see cref="SteadyClock"/>.</summary>
    public TimeSpan AgeAt(DateTimeOffset now) => CurrentAge.At(now, ReceivedAt, InitialAge);

    /// <summary>
    /// Returns this entry with its lifetime cut to the lifetime that the present policy gives. Returns it unchanged where that lifetime is
    /// no shorter, or where the origin stated the lifetime.
    /// </summary>
    internal CacheEntry Under(CachePolicy policy) =>
        LifetimeUnder(policy) is var lifetime && lifetime < Lifetime
            ? this with
            {
                Freshness = Freshness with { Lifetime = lifetime },
            }
            : this;

    /// <summary>
    /// Returns this entry with its lifetime cut at the moment of a soft purge. Returns it unchanged where the entry had expired before.
    /// </summary>
    internal CacheEntry EndingAt(DateTimeOffset moment) =>
        AgeAt(moment) is var age && age < Lifetime ? this with { Freshness = Freshness with { Lifetime = age } } : this;

    /// <summary>
    /// Tells whether the entry may be used without asking the origin, at a moment of the <see cref="SteadyClock"/> (RFC 9111 §4.2).
    /// </summary>
    internal bool IsFreshAt(CachePolicy policy, DateTimeOffset now) =>
        LifetimeUnder(policy) > AgeAt(now) && (policy.TtlMode == TtlMode.Override || !Control.NoCache);

    // The TTL counts from the arrival of the response. It also limits a heuristic lifetime.
    private TimeSpan LifetimeUnder(CachePolicy policy) =>
        Freshness.Source switch
        {
            FreshnessSource.TimeToLive => Shorter(policy.TimeToLive + InitialAge, Lifetime),
            FreshnessSource.Heuristic when policy.TimeToLive > TimeSpan.Zero => Shorter(policy.TimeToLive + InitialAge, Lifetime),
            _ => Lifetime,
        };

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    /// <summary>
    /// Tells whether the entry suits a request at all (RFC 9111 §4): the URI, the partition and the selecting fields must match.
    /// </summary>
    internal bool Answers(CacheRequest request) => IsForUriOf(request) && request.Selects(Variant);

    /// <summary>Tells whether the entry was fetched for the URI and the partition of a request.</summary>
    internal bool IsForUriOf(CacheRequest request) => Partition == request.Partition && IsFor(request.Key.Target);

    /// <summary>Tells whether another entry is the same stored response with the same head, not updated in the meantime.</summary>
    internal bool IsSameAs(CacheEntry other) =>
        Serial == other.Serial
        && ReceivedAt == other.ReceivedAt
        && Position == other.Position
        && Freshness == other.Freshness
        && Part == other.Part;

    /// <summary>
    /// Tells whether this entry takes the place of an older one under the same key. Both must be for the same requests. A part takes the
    /// place only of a part with the same range.
    /// </summary>
    internal bool Supersedes(CacheEntry older) =>
        Partition == older.Partition
        && Variant.IsSameAs(older.Variant)
        && IsFor(older.Target)
        && (Part is null || (older.Part is { } part && part.Stated == Part.Stated));

    /// <summary>
    /// Tells whether the entry is for a path and query: those of the request that fetched it, or a path and query that differ only in parts
    /// that do not matter to the response.
    /// </summary>
    internal bool IsFor(string target) =>
        ReferenceEquals(Target, target) || Target == target || SearchVariance?.AreEquivalent(Target, target) == true;
}
