using System.Collections.Concurrent;

namespace CachingProxy.Core.Purging;

/// <summary>
/// The last purges of each text of each origin: of prefixes, or of tags. Looking up takes no lock; writing needs the log's.
/// </summary>
internal sealed class PurgeTable
{
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, LastPurges>> _origins = new();

    /// <summary>Whether nothing is remembered. Set last when something comes, and first when all goes.</summary>
    public bool IsEmpty => _origins.IsEmpty;

    /// <summary>What was purged of a text of an origin.</summary>
    public LastPurges Find(string authority, ReadOnlySpan<char> text) =>
        _origins.TryGetValue(authority, out var texts) && texts.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text, out var last) ? last : default;

    /// <summary>Remembers a purge.</summary>
    public void Add(string authority, string text, long number, bool isSoft, DateTimeOffset at) =>
        _origins.GetOrAdd(authority, _ => new()).AddOrUpdate(text, _ => default(LastPurges).With(number, isSoft, at), (_, last) => last.With(number, isSoft, at));

    /// <summary>Forgets a text, unless it was purged after a number.</summary>
    public void Forget(string authority, string text, long number)
    {
        if (_origins.TryGetValue(authority, out var texts) && texts.TryGetValue(text, out var last) && last.Latest <= number)
        {
            texts.TryRemove(text, out _);
            if (texts.IsEmpty)
            {
                _origins.TryRemove(authority, out _);
            }
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear() => _origins.Clear();
}
