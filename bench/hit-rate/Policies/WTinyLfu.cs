namespace CachingProxy.HitRate.Policies;

internal enum VictimRule
{
    /// <summary>The candidate must beat the sum of all it displaces; otherwise none of them leaves ("AV").</summary>
    Aggregated,

    /// <summary>The candidate meets the victims one by one, and each loser leaves (Caffeine).</summary>
    OneByOne,
}

internal sealed record WTinyLfuOptions
{
    /// <summary>The window's share of the room (to start with, where it adapts).</summary>
    public double Window { get; init; } = 0.01;

    /// <summary>The protected segment's share of the main room.</summary>
    public double Protected { get; init; } = 0.8;

    public VictimRule Victims { get; init; } = VictimRule.Aggregated;

    public bool Adapts { get; init; }
}

internal sealed class WTinyLfu : IEvictionPolicy
{
    private readonly Dictionary<int, Entry> _entries = [];
    private readonly EntryQueue _window = new();
    private readonly EntryQueue _probation = new();
    private readonly EntryQueue _protected = new();
    private readonly FrequencySketch _sketch = new();
    private readonly List<Entry> _victims = [];
    private readonly long _maxBytes;
    private readonly WTinyLfuOptions _options;
    private readonly HillClimber? _climber;
    private long _maxWindow;

    public WTinyLfu(long maxBytes, WTinyLfuOptions options)
    {
        (_maxBytes, _options) = (maxBytes, options);
        _maxWindow = (long)(maxBytes * options.Window);
        _climber = options.Adapts ? new HillClimber(options.Window) : null;
    }

    private long MaxMain => _maxBytes - _maxWindow;

    private long MaxProtected => (long)(MaxMain * _options.Protected);

    public bool Access(int key, int bytes)
    {
        _sketch.Count(key);
        var isHit = _entries.TryGetValue(key, out var entry);
        if (isHit)
        {
            Use(entry!);
        }
        else if (bytes <= _maxBytes)
        {
            Add(new Entry(key, bytes));
        }

        if (_climber?.Note(isHit, _entries.Count) is { } share)
        {
            Resize(share);
        }

        return isHit;
    }

    private void Use(Entry entry)
    {
        if (_window.Holds(entry))
        {
            _window.Renew(entry);
        }
        else if (_protected.Holds(entry))
        {
            _protected.Renew(entry);
        }
        else if (entry.Bytes <= MaxProtected)
        {
            _probation.Remove(entry);
            _protected.Add(entry);
            Demote();
        }
        else
        {
            _probation.Renew(entry);
        }
    }

    private void Demote()
    {
        while (_protected.Bytes > MaxProtected)
        {
            _probation.Add(_protected.TakeFirst());
        }
    }

    private void Add(Entry entry)
    {
        _entries.Add(entry.Key, entry);
        _sketch.GrowTo(_entries.Count);
        if (entry.Bytes > _maxWindow)
        {
            // It would empty the window for nothing; it is a candidate at once.
            Admit(entry);
            return;
        }

        _window.Add(entry);
        while (_window.Bytes > _maxWindow)
        {
            Admit(_window.TakeFirst());
        }
    }

    // Into the main room, if there is room or the candidate is worth more than what it would displace.
    private void Admit(Entry candidate)
    {
        if (Displaces(candidate))
        {
            _probation.Add(candidate);
        }
        else
        {
            _entries.Remove(candidate.Key);
        }
    }

    private bool Displaces(Entry candidate)
    {
        var missing = _probation.Bytes + _protected.Bytes + candidate.Bytes - MaxMain;
        if (missing <= 0)
        {
            return true;
        }

        if (candidate.Bytes > MaxMain)
        {
            return false;
        }

        var worth = _sketch.FrequencyOf(candidate.Key);
        if (_options.Victims == VictimRule.OneByOne)
        {
            for (; missing > 0; missing = _probation.Bytes + _protected.Bytes + candidate.Bytes - MaxMain)
            {
                var victim = (_probation.First ?? _protected.First)!.Value;
                if (_sketch.FrequencyOf(victim.Key) >= worth)
                {
                    return false;
                }

                Evict(victim);
            }

            return true;
        }

        _victims.Clear();
        var next = _probation.First ?? _protected.First;
        while (missing > 0)
        {
            var victim = next!.Value;
            worth -= _sketch.FrequencyOf(victim.Key);
            if (worth <= 0)
            {
                return false;
            }

            _victims.Add(victim);
            missing -= victim.Bytes;
            next = next.Next ?? (_probation.Holds(victim) ? _protected.First : null);
        }

        _victims.ForEach(Evict);
        return true;
    }

    private void Evict(Entry entry)
    {
        (_probation.Holds(entry) ? _probation : _protected).Remove(entry);
        _entries.Remove(entry.Key);
    }

    private void Resize(double windowShare)
    {
        _maxWindow = (long)(_maxBytes * windowShare);
        while (_window.Bytes > _maxWindow)
        {
            _probation.Add(_window.TakeFirst());
        }

        while (_probation.Bytes + _protected.Bytes > MaxMain)
        {
            _window.Add((_probation.Count > 0 ? _probation : _protected).TakeFirst());
        }

        // Entries are not divisible: what fits neither way leaves.
        while (_window.Bytes > _maxWindow)
        {
            _entries.Remove(_window.TakeFirst().Key);
        }

        Demote();
    }
}
