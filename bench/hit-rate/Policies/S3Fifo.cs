namespace CachingProxy.HitRate.Policies;

internal enum GhostBound
{
    Entries,
    MainBytes,
    TwiceEntries,
}

internal sealed record S3FifoOptions
{
    /// <summary>The small queue's share of the room.</summary>
    public double Small { get; init; } = 0.1;

    public int UsesToPromote { get; init; } = 1;

    public int MaxUses { get; init; } = 3;

    public GhostBound Ghosts { get; init; } = GhostBound.Entries;

    /// <summary>A ghost that comes back is a ghost no more (as in the paper).</summary>
    public bool ForgetsReturned { get; init; }

    /// <summary>What moves from small to main starts there without uses (as in the paper).</summary>
    public bool ResetsOnPromotion { get; init; }

    /// <summary>A hit puts an entry at the end of its queue, so that of equals the least recent leaves.</summary>
    public bool SmallLru { get; init; }

    public bool MainLru { get; init; }

    /// <summary>What is larger than the small queue is only remembered the first time.</summary>
    public bool KeepsLargeOut { get; init; }

    /// <summary>Staying costs one use more for each doubling of the mean size.</summary>
    public bool LargePaysMore { get; init; }
}

/// <summary>With the default options: what CachingProxy.Core's Eviction does.</summary>
internal sealed class S3Fifo(long maxBytes, S3FifoOptions options) : IEvictionPolicy
{
    private readonly Dictionary<int, Entry> _entries = [];
    private readonly EntryQueue _small = new();
    private readonly EntryQueue _main = new();
    private readonly Queue<(int Key, int Bytes, long Number)> _ghostOrder = new();
    private readonly Dictionary<int, long> _ghosts = [];
    private readonly long _maxSmall = (long)(maxBytes * options.Small);
    private long _ghostBytes;
    private long _ghostNumber;

    public bool Access(int key, int bytes)
    {
        if (_entries.TryGetValue(key, out var entry))
        {
            entry.Uses = Math.Min(entry.Uses + 1, options.MaxUses);
            var queue = _small.Holds(entry) ? _small : _main;
            if (queue == _small ? options.SmallLru : options.MainLru)
            {
                queue.Renew(entry);
            }

            return true;
        }

        if (bytes > maxBytes)
        {
            return false;
        }

        var wasGhost = options.ForgetsReturned ? _ghosts.Remove(key) : _ghosts.ContainsKey(key);
        if (!wasGhost && options.KeepsLargeOut && bytes > _maxSmall)
        {
            Remember(key, bytes);
            return false;
        }

        entry = new Entry(key, bytes);
        _entries.Add(key, entry);
        (wasGhost ? _main : _small).Add(entry);
        while (_small.Bytes + _main.Bytes > maxBytes)
        {
            if (_main.Count == 0 || (_small.Bytes > _maxSmall && _small.Count > 0))
            {
                FromSmall();
            }
            else
            {
                FromMain();
            }
        }

        return false;
    }

    private void FromSmall()
    {
        var entry = _small.TakeFirst();
        var cost = CostOf(entry);
        if (entry.Uses >= Math.Max(cost, options.UsesToPromote))
        {
            entry.Uses = options.ResetsOnPromotion ? 0 : entry.Uses - cost;
            _main.Add(entry);
            return;
        }

        _entries.Remove(entry.Key);
        Remember(entry.Key, entry.Bytes);
    }

    private void FromMain()
    {
        var entry = _main.TakeFirst();
        var cost = CostOf(entry);
        if (entry.Uses >= cost)
        {
            entry.Uses -= cost;
            _main.Add(entry);
            return;
        }

        _entries.Remove(entry.Key);
    }

    private int CostOf(Entry entry)
    {
        if (!options.LargePaysMore)
        {
            return 1;
        }

        // The entry is out of its queue at this moment; it counts towards the mean all the same.
        var mean = (_small.Bytes + _main.Bytes + entry.Bytes) / (_small.Count + _main.Count + 1);
        return Math.Clamp(1 + (int)Math.Log2(Math.Max(1.0, entry.Bytes / (double)Math.Max(mean, 1))), 1, options.MaxUses);
    }

    private void Remember(int key, int bytes)
    {
        if (_ghosts.TryAdd(key, _ghostNumber))
        {
            _ghostOrder.Enqueue((key, bytes, _ghostNumber++));
            _ghostBytes += bytes;
        }

        while (_ghostOrder.Count > 0 && IsOverGhostBound())
        {
            var ghost = _ghostOrder.Dequeue();
            _ghostBytes -= ghost.Bytes;
            if (_ghosts.TryGetValue(ghost.Key, out var number) && number == ghost.Number)
            {
                _ghosts.Remove(ghost.Key);
            }
        }
    }

    private bool IsOverGhostBound() =>
        options.Ghosts switch
        {
            GhostBound.Entries => _ghostOrder.Count > Math.Max(_main.Count + _small.Count, 64),
            GhostBound.TwiceEntries => _ghostOrder.Count > Math.Max(2 * (_main.Count + _small.Count), 64),
            _ => _ghostBytes > maxBytes - _maxSmall,
        };
}
