using CachingProxy.Core.Entries;

namespace CachingProxy.Core.Stores.Memory;

/// <summary>One property of a <see cref="CacheEntry"/>, and how the memory store counts and packs it.</summary>
/// <param name="Name">The name of the property.</param>
internal sealed record StoredProperty(string Name)
{
    // The bytes of one field, a name and its values, in the array of the fields.
    private const int FieldBytes = 24;

    // Fields whose values most responses have in common, so that SharedTexts keeps them once.
    private static readonly HashSet<string> CommonFields = new(StringComparer.OrdinalIgnoreCase)
    {
        "Date",
        "Content-Type",
        "Cache-Control",
        "Server",
        "Via",
        "Vary",
        "Content-Encoding",
        "Accept-Ranges",
        "Content-Language",
        "Access-Control-Allow-Origin",
        "Strict-Transport-Security",
        "X-Content-Type-Options",
        "X-Frame-Options",
        "Referrer-Policy",
        "Content-Security-Policy",
        "X-Powered-By",
    };

    /// <summary>
    /// All properties except the content. Every property has a row here and a sample in <c>StoredPropertyTests</c>. Unless it is derived
    /// from the fields, it also has a place in the remarks of <see cref="EntryFormat"/>. The tests fail for a property that has no row or
    /// sample, or that is not stored.
    /// </summary>
    public static IReadOnlyList<StoredProperty> All { get; } =
    [
        new(nameof(CacheEntry.Serial)),
        new(nameof(CacheEntry.Key))
        {
            Bytes = entry => OfText(entry.Key.Target),
            IsShared = (one, other) => one.Key.Authority == other.Key.Authority,
        },
        new(nameof(CacheEntry.Target))
        {
            Bytes = entry => ReferenceEquals(entry.Target, entry.Key.Target) ? 0 : OfText(entry.Target),
            IsUsual = entry => entry.Target == entry.Key.Target,
        },
        new(nameof(CacheEntry.Partition))
        {
            Bytes = entry => OfText(entry.Partition.Query),
            IsShared = (one, other) => one.Partition == other.Partition,
        },
        new(nameof(CacheEntry.Status)) { IsShared = (one, other) => one.Status == other.Status },
        new(nameof(CacheEntry.Fields))
        {
            Bytes = OfFields,
            IsShared = HaveTheSameNames,
            IsUsual = entry => entry.Fields.Count <= HeadTemplate.MaxFields,
        },
        new(nameof(CacheEntry.ReceivedAt)),
        new(nameof(CacheEntry.InitialAge)),
        new(nameof(CacheEntry.Position)),
        new(nameof(CacheEntry.Tags)) { Bytes = entry => entry.Tags.Sum(OfText) },
        new(nameof(CacheEntry.Variant))
        {
            Bytes = entry => 2 * entry.Variant.Characters,
            IsShared = (one, other) =>
                one.Variant.IsSameAs(other.Variant)
                && one.Variant.Parts.Language == other.Variant.Parts.Language
                && one.Variant.Parts.Codings == other.Variant.Parts.Codings,
        },
        new(nameof(CacheEntry.SearchVariance)) { IsUsual = entry => entry.SearchVariance is null },
        new(nameof(CacheEntry.Part)) { Bytes = entry => OfText(entry.Part?.Asked), IsUsual = entry => entry.Part is null },
        new(nameof(CacheEntry.Freshness)) { IsShared = (one, other) => one.Freshness.Source == other.Freshness.Source },
        new(nameof(CacheEntry.Control)) { IsShared = (one, other) => one.Control == other.Control },
        new(nameof(CacheEntry.Date)),
        new(nameof(CacheEntry.EntityTag)),
        new(nameof(CacheEntry.LastModified)),
    ];

    /// <summary>Counts the bytes of the property in an entry that stays an object, above the bookkeeping of every entry.</summary>
    public Func<CacheEntry, long> Bytes { get; init; } = _ => 0;

    /// <summary>
    /// Returns true if two entries are equal in the part of the property that a template keeps. The function is null where a template keeps
    /// no part of it.
    /// </summary>
    public Func<CacheEntry, CacheEntry, bool>? IsShared { get; init; }

    /// <summary>
    /// Tells whether the packed form can express the value of the property; an entry with any other value stays an object.
    /// </summary>
    public Func<CacheEntry, bool> IsUsual { get; init; } = _ => true;

    private static long OfFields(CacheEntry entry)
    {
        long bytes = 0;
        foreach (var (name, values) in entry.Fields.AsSpan())
        {
            bytes += FieldBytes;
            foreach (var value in values)
            {
                bytes += value?.Length <= SharedTexts.MaxLength && CommonFields.Contains(name) ? 0 : OfText(value);
            }
        }

        return bytes;
    }

    private static bool HaveTheSameNames(CacheEntry one, CacheEntry other)
    {
        var fields = one.Fields.AsSpan();
        var others = other.Fields.AsSpan();
        if (fields.Length != others.Length)
        {
            return false;
        }

        for (var i = 0; i < fields.Length; i++)
        {
            if (fields[i].Key != others[i].Key)
            {
                return false;
            }
        }

        return true;
    }

    private static long OfText(string? text) => text is null ? 0 : 24 + (2L * text.Length);
}
