namespace CachingProxy.HitRate;

/// <summary>A cache of keys bounded in bytes. An object larger than the whole is never held.</summary>
internal interface IEvictionPolicy
{
    /// <summary>Asks for an object and, where it was missing, offers it; answers whether it was held.</summary>
    bool Access(int key, int bytes);
}

internal sealed class Entry(int key, int bytes)
{
    public int Key => key;

    public int Bytes => bytes;

    public int Uses { get; set; }

    public LinkedListNode<Entry>? Place { get; set; }
}

/// <summary>A list of entries that knows its bytes.</summary>
internal sealed class EntryQueue
{
    private readonly LinkedList<Entry> _entries = [];

    public long Bytes { get; private set; }

    public int Count => _entries.Count;

    public LinkedListNode<Entry>? First => _entries.First;

    public void Add(Entry entry)
    {
        if (entry.Place is null)
        {
            entry.Place = _entries.AddLast(entry);
        }
        else
        {
            _entries.AddLast(entry.Place);
        }

        Bytes += entry.Bytes;
    }

    public void Remove(Entry entry)
    {
        _entries.Remove(entry.Place!);
        Bytes -= entry.Bytes;
    }

    public Entry TakeFirst()
    {
        var entry = _entries.First!.Value;
        Remove(entry);
        return entry;
    }

    public bool Holds(Entry entry) => entry.Place!.List == _entries;

    public void Renew(Entry entry)
    {
        _entries.Remove(entry.Place!);
        _entries.AddLast(entry.Place!);
    }
}
