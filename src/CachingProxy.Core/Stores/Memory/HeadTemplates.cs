using CachingProxy.Core.Entries;

namespace CachingProxy.Core.Stores.Memory;

/// <summary>
/// The templates of a store for new entries: the last ones of each kind. What is rare is forgotten, and nothing grows. Safe for any number
/// of threads.
/// </summary>
internal sealed class HeadTemplates
{
    private const int Pairs = 1024;

    // Two places for each kind, so that two that meet in one do not forget each other in turn.
    private readonly HeadTemplate?[] _last = new HeadTemplate?[2 * Pairs];

    /// <summary>The template for an entry; null where it is of a kind too rare to have any.</summary>
    public HeadTemplate? For(CacheEntry entry)
    {
        if (!HeadTemplate.IsUsual(entry))
        {
            return null;
        }

        var first = (int)((uint)HeadTemplate.KindOf(entry) % Pairs) * 2;
        for (var place = first; place < first + 2; place++)
        {
            var known = Volatile.Read(ref _last[place]);
            if (known?.For(entry) is { } template)
            {
                if (!ReferenceEquals(template, known))
                {
                    Volatile.Write(ref _last[place], template);
                }

                return template;
            }
        }

        var made = new HeadTemplate(entry, own: 0);
        Volatile.Write(ref _last[first + 1], Volatile.Read(ref _last[first]));
        Volatile.Write(ref _last[first], made);
        return made;
    }

    /// <summary>Forgets all of them.</summary>
    public void Clear() => Array.Clear(_last);
}
