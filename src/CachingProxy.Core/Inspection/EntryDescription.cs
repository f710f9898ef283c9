using CachingProxy.Core.Entries;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Inspection;

/// <summary>A stored response, as it is shown to operators. Immutable.</summary>
public sealed record EntryDescription
{
    private static readonly HashSet<string> SecretFields = new(StringComparer.OrdinalIgnoreCase)
    {
        "Authorization",
        "Cookie",
        "Set-Cookie",
    };

    private static readonly HashSet<string> TagFields = new(StringComparer.OrdinalIgnoreCase) { "Surrogate-Key", "xkey" };

    private EntryDescription() { }

    /// <summary>The upstream URI.</summary>
    public required string Url { get; init; }

    /// <summary>The face that stored the response, with its mode.</summary>
    public required string Face { get; init; }

    /// <summary>The host that clients named, where it is part of the key; null on <c>/proxy</c>.</summary>
    public string? Host { get; init; }

    /// <summary>The status code.</summary>
    public required int Status { get; init; }

    /// <summary>The bytes of the content; null where that is not known.</summary>
    public long? Bytes { get; init; }

    /// <summary>The current age (RFC 9111 §4.2.3).</summary>
    public required TimeSpan Age { get; init; }

    /// <summary>The freshness lifetime that is left; negative when stale.</summary>
    public required TimeSpan FreshFor { get; init; }

    /// <summary>The source of the lifetime: <c>explicit</c>, <c>timetolive</c>, <c>heuristic</c> or <c>none</c>.</summary>
    public required string LifetimeFrom { get; init; }

    /// <summary>Tells whether the origin can be asked to confirm the response.</summary>
    public required bool HasValidator { get; init; }

    /// <summary>Tells whether the response is a part of the representation.</summary>
    public required bool IsPart { get; init; }

    /// <summary>Tells whether the response was purged, and is not served any more.</summary>
    public required bool IsPurged { get; init; }

    /// <summary>The tags that the origin gave the response.</summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>The fields of the response, as <c>Name: value</c>.</summary>
    public required IReadOnlyList<string> Fields { get; init; }

    /// <summary>
    /// The selecting fields (RFC 9111 §4.1) and their values, as <c>Name: value</c>; empty where the response does not vary.
    /// </summary>
    public required IReadOnlyList<string> Selecting { get; init; }

    internal static EntryDescription Of(CacheEntry entry, DateTimeOffset now, bool isPurged)
    {
        var age = entry.AgeAt(now);
        return new EntryDescription
        {
            Url = entry.Key.Authority + entry.Target,
            Face = entry.Partition.Face,
            Host = entry.Partition.ClientHost.Length > 0 ? entry.Partition.ClientHost : null,
            Status = entry.Status,
            Bytes = entry.Body.Length,
            Age = age,
            FreshFor = entry.Lifetime - age,
            LifetimeFrom = Enum.GetName(entry.Freshness.Source)!.ToLowerInvariant(),
            HasValidator = entry.HasValidator,
            IsPart = entry.Part is not null,
            IsPurged = isPurged,
            Tags = entry.Tags,
            Fields = [.. entry.Fields.Select(field => Line(field.Key, field.Value.ToString()))],
            Selecting = [.. entry.Variant.Describe().Select(field => Line(field.Key, field.Value))],
        };
    }

    // Fields that could let somebody act as another user are not shown, not even to operators.
    private static string Line(string name, string value) =>
        value.Length > 0 && !TagFields.Contains(name) && (CredentialFields.Contains(name) || SecretFields.Contains(name))
            ? $"{name}: ***"
            : $"{name}: {value}";
}
