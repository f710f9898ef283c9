using System.Collections.Concurrent;
using CachingProxy.Core.Keys;

namespace CachingProxy.Core.Purging;

/// <summary>
/// Every purge is one position in a log. An entry remembers the position that was current when its fetch began, and is
/// valid while nothing that matches it was purged later: so a purge costs O(1), and wins over a fetch under way.
/// Safe for any number of threads; the check takes no lock.
/// </summary>
/// <remarks>
/// A purge of a URL also removes its entries, so its record matters only to fetches that were under way then; it is
/// dropped when the last of them has ended, and unsafe requests cannot make the log grow.
/// </remarks>
internal sealed class InvalidationLog
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<long, int> _underWay = [];
    private readonly Queue<(long Position, CacheKey Key)> _urlsInOrder = new();
    private readonly ConcurrentDictionary<CacheKey, long> _urls = new();
    private long _position;
    private long _all;

    /// <summary>How many purges of single URLs are remembered.</summary>
    public int RememberedUrls => _urls.Count;

    /// <summary>A fetch begins: answers with the position it will have seen. To be ended by <see cref="End"/>.</summary>
    public long Begin()
    {
        lock (_lock)
        {
            _underWay[_position] = _underWay.GetValueOrDefault(_position) + 1;
            return _position;
        }
    }

    /// <summary>The same for a fetch that began when a position was current: what was purged since counts against it.</summary>
    public void BeginAt(long position)
    {
        lock (_lock)
        {
            _underWay[position] = _underWay.GetValueOrDefault(position) + 1;
        }
    }

    /// <summary>The fetch that began at a position is over, and what it brought is stored or given up.</summary>
    public void End(long position)
    {
        lock (_lock)
        {
            if (--_underWay[position] == 0)
            {
                _underWay.Remove(position);
            }

            Forget_NeedsLock();
        }
    }

    /// <summary>Purges everything.</summary>
    public void PurgeAll()
    {
        lock (_lock)
        {
            Volatile.Write(ref _all, ++_position);
        }
    }

    /// <summary>Purges one URI, for all faces, hosts and variants. The caller removes the entries afterwards. Answers with its position.</summary>
    public long PurgeUrl(CacheKey key)
    {
        lock (_lock)
        {
            var position = _urls[key] = ++_position;
            _urlsInOrder.Enqueue((position, key));
            Forget_NeedsLock();
            return position;
        }
    }

    /// <summary>Whether nothing that matches the URI was purged after a position.</summary>
    public bool IsCurrent(CacheKey key, long position) =>
        position >= Volatile.Read(ref _all) && (!_urls.TryGetValue(key, out var purged) || position >= purged);

    /// <summary>
    /// Whether a response that was just fetched is current: for its own URI, and for every other that means the same to it, which whoever
    /// purged that could not know yet.
    /// </summary>
    public bool IsCurrent(CacheKey uri, SearchVariance? variance, long position) => IsCurrent(uri, position)
        && (variance is null || !_urls.Any(purge => purge.Value > position && purge.Key.Authority == uri.Authority && variance.AreEquivalent(purge.Key.Target, uri.Target)));

    private void Forget_NeedsLock()
    {
        var oldest = _underWay.Count > 0 ? _underWay.First().Key : _position;
        while (_urlsInOrder.TryPeek(out var record) && record.Position <= oldest)
        {
            _urlsInOrder.Dequeue();
            _urls.TryRemove(new KeyValuePair<CacheKey, long>(record.Key, record.Position));
        }
    }
}
