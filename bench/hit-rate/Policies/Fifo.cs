namespace CachingProxy.HitRate.Policies;

internal sealed class Fifo(long maxBytes) : IEvictionPolicy
{
    private readonly Dictionary<int, Entry> _entries = [];
    private readonly EntryQueue _queue = new();

    public bool Access(int key, int bytes)
    {
        if (_entries.ContainsKey(key))
        {
            return true;
        }

        if (bytes > maxBytes)
        {
            return false;
        }

        while (_queue.Bytes + bytes > maxBytes)
        {
            _entries.Remove(_queue.TakeFirst().Key);
        }

        var entry = new Entry(key, bytes);
        _entries.Add(key, entry);
        _queue.Add(entry);
        return false;
    }
}
