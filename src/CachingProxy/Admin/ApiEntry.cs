using CachingProxy.Core.Inspection;

namespace CachingProxy.Admin;

/// <summary>A stored response. Times are in seconds.</summary>
/// <param name="Url">The upstream URL.</param>
/// <param name="Face">The face that stored it, with its mode.</param>
/// <param name="Host">The host that clients named, where it is part of the key.</param>
/// <param name="Status">The status code.</param>
/// <param name="Bytes">The bytes of the content.</param>
/// <param name="Age">The current age.</param>
/// <param name="FreshFor">The lifetime that is left, negative when stale.</param>
/// <param name="LifetimeFrom">Where the lifetime comes from: explicit, timetolive, heuristic or none.</param>
/// <param name="Validator">Whether the origin can be asked to confirm it.</param>
/// <param name="Part">Whether it is a part of the content.</param>
/// <param name="Purged">Whether it was purged, and is served no more.</param>
/// <param name="Tags">Its tags.</param>
/// <param name="Selecting">The request fields that select it, with their values.</param>
/// <param name="Fields">Its fields; only where one URL was asked for.</param>
internal sealed record ApiEntry(
    string Url,
    string Face,
    string? Host,
    int Status,
    long? Bytes,
    double Age,
    double FreshFor,
    string LifetimeFrom,
    bool Validator,
    bool Part,
    bool Purged,
    IReadOnlyList<string> Tags,
    IReadOnlyList<string> Selecting,
    IReadOnlyList<string>? Fields
)
{
    /// <summary>Makes the contract of a description.</summary>
    public static ApiEntry Of(EntryDescription entry, bool withFields) =>
        new(
            entry.Url,
            entry.Face,
            entry.Host,
            entry.Status,
            entry.Bytes,
            Math.Round(entry.Age.TotalSeconds, 1),
            Math.Round(entry.FreshFor.TotalSeconds, 1),
            entry.LifetimeFrom,
            entry.HasValidator,
            entry.IsPart,
            entry.IsPurged,
            entry.Tags,
            entry.Selecting,
            withFields ? entry.Fields : null
        );
}
