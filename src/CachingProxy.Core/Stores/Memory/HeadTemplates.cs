using CachingProxy.Core.Entries;

namespace CachingProxy.Core.Stores.Memory;

/// <summary>
/// The templates of a store for new entries: the latest template of each kind, in a table of fixed size. Templates of rare kinds are
/// forgotten. Safe for any number of threads.
/// </summary>
internal sealed class HeadTemplates
{
    private const int Pairs = 1024;

    // Each hash has two places, so that two kinds with the same hash do not displace each other in turn.
    private readonly HeadTemplate?[] _last = new HeadTemplate?[2 * Pairs];

    /// <summary>Returns the template for an entry; null where the entry is of an unusual kind, which has no template.</summary>
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

    /// <summary>Forgets all templates.</summary>
    public void Clear() => Array.Clear(_last);
}
