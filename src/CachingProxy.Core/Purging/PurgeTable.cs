using System.Collections.Concurrent;

namespace CachingProxy.Core.Purging;

/// <summary>
/// The last purges of each text of each origin. The texts of one table are prefixes, paths, tags or URLs. A look-up takes no lock; a writer
/// needs the log's lock.
/// </summary>
internal sealed class PurgeTable
{
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, LastPurges>> _origins = new();

    /// <summary>True if no purge is remembered. Turns false before a purge is added, and true after the last one is removed.</summary>
    public bool IsEmpty => _origins.IsEmpty;

    /// <summary>Returns the last purges of a text of an origin.</summary>
    public LastPurges Find(string authority, ReadOnlySpan<char> text) =>
        _origins.TryGetValue(authority, out var texts) && texts.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text, out var last)
            ? last
            : default;

    /// <summary>Remembers a purge. Returns true if the text had none before.</summary>
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
