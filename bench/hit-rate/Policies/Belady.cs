namespace CachingProxy.HitRate.Policies;

/// <summary>
/// Knows the future: what is used again last leaves first, and what would leave first does not enter. The optimum where
/// sizes are equal. By size it weighs the distance with the bytes, which is near the optimum of the object hit rate.
/// </summary>
internal sealed class Belady : IEvictionPolicy
{
    private const int Never = int.MaxValue;

    private readonly Dictionary<int, (int Next, int Bytes)> _entries = [];
    private readonly List<PriorityQueue<(int Key, int Next), int>> _classes = [];
    private readonly List<(int Key, int Next, int Bytes)> _victims = [];
    private readonly long _maxBytes;
    private readonly bool _bySize;
    private readonly int[] _next;
    private long _heldBytes;
    private int _now = -1;

    public Belady(long maxBytes, Workload workload, bool bySize)
    {
        (_maxBytes, _bySize, _next) = (maxBytes, bySize, new int[workload.Keys.Length]);
        var last = new Dictionary<int, int>();
        for (var i = _next.Length - 1; i >= 0; i--)
        {
            _next[i] = last.GetValueOrDefault(workload.Keys[i], Never);
            last[workload.Keys[i]] = i;
        }
    }

    public bool Access(int key, int bytes)
    {
        var next = _next[++_now];
        var isHit = _entries.Remove(key, out var held);
        _heldBytes -= held.Bytes;
        if (next == Never || bytes > _maxBytes)
        {
            return isHit;
        }

        Add(key, next, bytes);
        _victims.Clear();
        while (_heldBytes > _maxBytes)
        {
            var victim = TakeWorst();
            if (victim.Key == key)
            {
                // Those that left for it need not have: as many as fit come back.
                foreach (var other in _victims.Where(other => _heldBytes + other.Bytes <= _maxBytes))
                {
                    Add(other.Key, other.Next, other.Bytes);
                }

                break;
            }

            _victims.Add(victim);
        }

        return isHit;
    }

    private void Add(int key, int next, int bytes)
    {
        var ofSize = _bySize ? (int)(4 * Math.Log2(bytes)) : 0;
        while (_classes.Count <= ofSize)
        {
            _classes.Add(new());
        }

        _entries[key] = (next, bytes);
        _classes[ofSize].Enqueue((key, next), -next);
        _heldBytes += bytes;
    }

    private (int Key, int Next, int Bytes) TakeWorst()
    {
        PriorityQueue<(int Key, int Next), int>? worstClass = null;
        var worst = -1L;
        foreach (var ofSize in _classes)
        {
            // What was used or left since then is noted anew elsewhere.
            while (ofSize.TryPeek(out var top, out _) && (!_entries.TryGetValue(top.Key, out var entry) || entry.Next != top.Next))
            {
                ofSize.Dequeue();
            }

            if (ofSize.TryPeek(out var farthest, out _))
            {
                var badness = (long)(farthest.Next - _now) * (_bySize ? _entries[farthest.Key].Bytes : 1);
                if (badness > worst)
                {
                    (worst, worstClass) = (badness, ofSize);
                }
            }
        }

        var (key, next) = worstClass!.Dequeue();
        _entries.Remove(key, out var left);
        _heldBytes -= left.Bytes;
        return (key, next, left.Bytes);
    }
}
