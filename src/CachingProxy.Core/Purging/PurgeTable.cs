using System.Collections.Concurrent;

namespace CachingProxy.Core.Purging;

/// <summary>
/// The last purges of each text of each origin: of prefixes, or of tags. Looking up takes no lock; writing needs the log's.
/// </summary>
internal sealed class PurgeTable
{
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, LastPurges>> _origins = new();

    /// <summary>Tells whether no purge is remembered. Set last when a purge comes, and first when all go.</summary>
    public bool IsEmpty => _origins.IsEmpty;

    /// <summary>Returns the last purges of a text of an origin.</summary>
    public LastPurges Find(string authority, ReadOnlySpan<char> text) =>
        _origins.TryGetValue(authority, out var texts) && texts.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text, out var last)
            ? last
            : default;

    /// <summary>Remembers a purge; true where the text is new here.</summary>
    public bool Add(string authority, string text, long number, bool isSoft, DateTimeOffset at)
    {
        var texts = _origins.GetOrAdd(authority, _ => new());
        var isNew = !texts.TryGetValue(text, out var last);
        texts[text] = last.With(number, isSoft, at);
        return isNew;
    }

    /// <summary>Forgets a text.</summary>
    public void Forget(string authority, string text)
    {
        if (_origins.TryGetValue(authority, out var texts) && texts.TryRemove(text, out _) && texts.IsEmpty)
        {
            _origins.TryRemove(authority, out _);
        }
    }
}
