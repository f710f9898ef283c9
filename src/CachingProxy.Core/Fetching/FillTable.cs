using System.Collections.Concurrent;
using CachingProxy.Core.Keys;

namespace CachingProxy.Core.Fetching;

/// <summary>Who is fetching what: at most one fill that may be joined for each URI and partition.</summary>
internal sealed class FillTable(FillTools tools)
{
    private readonly ConcurrentDictionary<(CacheKey Key, CachePartition Partition), Fill> _fills = new();
    private int _running;

    /// <summary>How many fills have begun and not ended.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>The fill that a request may wait for; null where there is none, or where it began before a purge.</summary>
    public Fill? Find(CacheRequest request) =>
        _fills.TryGetValue((request.StorageKey, request.Partition), out var fill) && tools.Log.IsCurrent(request.Key, fill.Position) ? fill : null;

    /// <summary>
    /// Begins a fill. If it is the first for its key, others may join it from now on; else it is for its own client, and
    /// stored like any other. Answers with the fill, and whether it is this one or one that was there already.
    /// </summary>
    public (Fill Fill, bool Began) Begin(FillRequest request, bool isJoinable)
    {
        var position = tools.Log.Begin();
        if (request.Validating is { } validating && !tools.Log.IsCurrent(request.Key, validating.Position))
        {
            // Purged since it was looked up: a 304 must not bring it back.
            request = request.Unconditional();
        }

        var fill = new Fill(request, position);
        var place = (request.StorageKey, request.Partition);
        if (isJoinable)
        {
            var registered = _fills.AddOrUpdate(
                place, fill, (_, other) => tools.Log.IsCurrent(request.Key, other.Position) ? other : fill);
            if (registered != fill)
            {
                tools.Log.End(position);
                return (registered, false);
            }
        }

        Interlocked.Increment(ref _running);
        _ = RunAsync(fill, place);
        return (fill, true);
    }

    private async Task RunAsync(Fill fill, (CacheKey Key, CachePartition Partition) place)
    {
        // A fill belongs to no client: not to its context, nor to the thread that it came on.
        await Task.Yield();
        var entry = KeyValuePair.Create(place, fill);
        try
        {
            await fill.RunAsync(tools, onUnshared: () => _fills.TryRemove(entry));
        }
        finally
        {
            _fills.TryRemove(entry);
            tools.Log.End(fill.Position);
            Interlocked.Decrement(ref _running);
        }
    }
}
