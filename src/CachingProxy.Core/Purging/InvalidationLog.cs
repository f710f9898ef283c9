using System.Collections.Concurrent;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Stores;

namespace CachingProxy.Core.Purging;

/// <summary>
/// The log of purges, in which every purge has a position. An entry remembers the position that was current when its fetch began, and is
/// valid until a later purge matches it. Therefore a purge costs O(1) however many entries there are, a check costs O(tags + segments), and
/// a purge also applies to the response of a fetch under way. Safe for any number of threads; the check takes no lock.
/// </summary>
/// <remarks>
/// A hard purge of a URL also removes its entries, so its record matters only to fetches that were under way at the time of the purge. The
/// log drops the record when the last of these fetches has ended, so that unsafe requests cannot make the log grow. The other purges are
/// those of a prefix, a path or a tag, and the soft purges of a URL. The log keeps the latest of them for each text, and at most <see
/// cref="MaxRemembered"/> in all. When the log drops the oldest of them, every entry fetched before that purge is a miss.
/// </remarks>
internal sealed class InvalidationLog(SteadyClock clock)
{
    /// <summary>
    /// The limit on remembered purges: all purges of prefixes, paths and tags, and the soft purges of URLs, counted together.
    /// </summary>
    public const int MaxRemembered = 100_000;

    private readonly Lock _lock = new();
    private readonly FetchesUnderWay _underWay = new();
    private readonly Queue<(long Number, CacheKey Key)> _urlsInOrder = new();
    private readonly ConcurrentDictionary<CacheKey, long> _urls = new();
    private Queue<(long Number, Purge Purge)> _inOrder = new();
    private int _remembered;
    private InvalidationState _state = new(NewEpoch(), 0, 0);

    /// <summary>The number of hard purges of single URLs that are remembered for fetches under way.</summary>
    public int RememberedUrls => _urls.Count;

    /// <summary>The number of remembered purges, apart from hard purges of single URLs.</summary>
    public int Remembered
    {
        get
        {
            lock (_lock)
            {
                return _remembered;
            }
        }
    }

    /// <summary>The number of fetches that are under way.</summary>
    public int UnderWay
    {
        get
        {
            lock (_lock)
            {
                return _underWay.Count;
            }
        }
    }

    /// <summary>The position of the last purge.</summary>
    public LogPosition Position => Volatile.Read(ref _state) is var state ? new(state.Epoch, state.Number) : default;

    /// <summary>
    /// Starts a fetch and returns the current position, which is the position of the fetch. The caller ends the fetch with <see
    /// cref="End"/>.
    /// </summary>
    public LogPosition Begin()
    {
        lock (_lock)
        {
            _underWay.Begin(_state.Number);
            return new(_state.Epoch, _state.Number);
        }
    }

    /// <summary>
    /// Begins a look-up in a tier from which another node may be removing responses. Returns the position to pass to <see cref="End"/>.
    /// Until <see cref="End"/> is called, the log keeps all purges of URLs that are in it now. Otherwise a purge could be missing when we
    /// check the answer of the tier: the other node may remove the purged entries, and release the purge, after the tier has answered and
    /// before we check.
    /// </summary>
    public LogPosition BeginLook()
    {
        lock (_lock)
        {
            var oldest = _underWay.Oldest ?? _state.Number;
            _underWay.Begin(oldest);
            return new(_state.Epoch, oldest);
        }
    }

    /// <summary>
    /// Adds a fetch that is under way already and that began at an earlier position: purges after that position apply to it.
    /// </summary>
    public void BeginAt(LogPosition position)
    {
        lock (_lock)
        {
            _underWay.Begin(position.Number);
        }
    }

    /// <summary>Ends the fetch that began at a position: its response has been stored or discarded.</summary>
    public void End(LogPosition position)
    {
        lock (_lock)
        {
            _underWay.End(position.Number);
            ForgetUrls_NeedsLock();
        }
    }

    /// <summary>Numbers and adds a purge that has no number yet. Returns its position.</summary>
    public LogPosition Append(Purge purge)
    {
        lock (_lock)
        {
            Apply_NeedsLock(purge, _state.Number + 1, clock.Now);
            return new(_state.Epoch, _state.Number);
        }
    }

    /// <summary>Adds a purge that was numbered elsewhere; adding it again changes nothing.</summary>
    public void Apply(Purge purge, LogPosition position)
    {
        lock (_lock)
        {
            if (position.Epoch == _state.Epoch)
            {
                Apply_NeedsLock(purge, position.Number, clock.Now);
            }
        }
    }

    /// <summary>Replaces the log with that of a journal. Every entry fetched in another epoch is a miss from now on.</summary>
    public void Load(JournalState journal)
    {
        lock (_lock)
        {
            // While the journal is being read, no entry is valid. After that, all entries of the journal's epoch can be valid again at the
            // same moment.
            Volatile.Write(ref _state, new InvalidationState(NewEpoch(), 0, 0));
            _urls.Clear();
            _urlsInOrder.Clear();
            _inOrder.Clear();
            _remembered = 0;
            var next = new InvalidationState(journal.Position.Epoch, journal.Horizon, journal.Horizon);
            foreach (var (number, at, purge) in journal.Purges)
            {
                next = Applied_NeedsLock(next, purge, number, at);
            }

            Volatile.Write(ref _state, next with { Number = Math.Max(next.Number, journal.Position.Number) });
        }
    }

    /// <summary>Returns true if no purge after a position matches a URI or any of the tags.</summary>
    public bool IsCurrent(CacheKey uri, IReadOnlyList<string> tags, LogPosition position) =>
        Check(uri, tags, position, out _) == Validity.Current;

    /// <summary>
    /// Returns true if a response that was just fetched is gone: a purge matches it, or matches another URI that is equivalent for this
    /// response. At the time of that purge, nobody knew yet that the two URIs are equivalent.
    /// </summary>
    public bool IsGone(CacheKey uri, SearchVariance? variance, IReadOnlyList<string> tags, LogPosition position) =>
        Check(uri, tags, position, out _) == Validity.Gone
        || (
            variance is not null
            && _urls.Any(purge =>
                purge.Value > position.Number
                && purge.Key.Authority == uri.Authority
                && variance.AreEquivalent(purge.Key.Target, uri.Target)
            )
        );

    /// <summary>Returns the validity of a response after the purges since a position.</summary>
    /// <param name="uri">The URI.</param>
    /// <param name="tags">The tags of the response.</param>
    /// <param name="position">The position of the response's fetch.</param>
    /// <param name="staleSince">The moment when the response became stale, by the steady clock; meaningful only if it is stale.</param>
    public Validity Check(CacheKey uri, IReadOnlyList<string> tags, LogPosition position, out DateTimeOffset staleSince)
    {
        var state = Volatile.Read(ref _state);
        staleSince = default;
        if (position.Epoch != state.Epoch || position.Number < state.Horizon)
        {
            return Validity.Gone;
        }

        // Nothing was purged after the position: the usual case.
        if (position.Number >= state.Number)
        {
            return Validity.Current;
        }

        var since = new PurgesSince(position.Number);
        since.Add(state.All);
        if (_urls.TryGetValue(uri, out var hard))
        {
            since.Add(new LastPurges(hard, 0, default));
        }

        if (!state.SoftUrls.IsEmpty)
        {
            since.Add(state.SoftUrls.Find(uri.Authority, uri.Target));
        }

        state.AddPaths(ref since, uri);
        if (!state.Tags.IsEmpty)
        {
            for (var i = 0; i < tags.Count; i++)
            {
                since.Add(state.Tags.Find(uri.Authority, tags[i]));
                since.Add(state.Tags.Find("", tags[i]));
            }
        }

        staleSince = since.StaleSince;
        return since.Validity;
    }

    private static long NewEpoch() => Random.Shared.NextInt64();

    private void Apply_NeedsLock(Purge purge, long number, DateTimeOffset at)
    {
        // Publish the new state last: a reader that sees the number of the purge must also find its record.
        Volatile.Write(ref _state, Applied_NeedsLock(_state, purge, number, at));
        ForgetUrls_NeedsLock();
    }

    private InvalidationState Applied_NeedsLock(InvalidationState state, Purge purge, long number, DateTimeOffset at)
    {
        switch (purge)
        {
            // A purge of an unknown kind was made by a later version of the proxy, and may concern anything.
            case { Kind: PurgeKind.All or > PurgeKind.Path }:
                state = state with { All = state.All.With(number, purge.IsSoft, at) };
                break;
            case { Kind: PurgeKind.Url, IsSoft: false }:
                var key = new CacheKey(purge.Authority, purge.Text);
                _urls[key] = Math.Max(number, _urls.GetValueOrDefault(key));
                _urlsInOrder.Enqueue((number, key));
                break;
            default:
                _remembered += state.TableOf(purge).Add(purge.Authority, purge.Text, number, purge.IsSoft, at) ? 1 : 0;
                _inOrder.Enqueue((number, purge));
                break;
        }

        return Compacted_NeedsLock(state) with
        {
            Number = Math.Max(state.Number, number),
        };
    }

    private InvalidationState Compacted_NeedsLock(InvalidationState state)
    {
        while (_remembered > MaxRemembered)
        {
            var (oldest, forgotten) = _inOrder.Dequeue();
            if (IsLast(oldest, forgotten))
            {
                state = state with { Horizon = Math.Max(state.Horizon, oldest) };
                state.TableOf(forgotten).Forget(forgotten.Authority, forgotten.Text);
                _remembered--;
            }
        }

        // Purging the same few things again and again fills the queue: remove the outdated records.
        if (_inOrder.Count > 2 * MaxRemembered)
        {
            _inOrder = new(_inOrder.Where(item => IsLast(item.Number, item.Purge)));
        }

        return state;

        bool IsLast(long number, Purge purge) => state.TableOf(purge).Find(purge.Authority, purge.Text).Latest <= number;
    }

    private void ForgetUrls_NeedsLock()
    {
        var oldest = _underWay.Oldest ?? _state.Number;
        while (_urlsInOrder.TryPeek(out var record) && record.Number <= oldest)
        {
            _urlsInOrder.Dequeue();
            _urls.TryRemove(new KeyValuePair<CacheKey, long>(record.Key, record.Number));
        }
    }
}
