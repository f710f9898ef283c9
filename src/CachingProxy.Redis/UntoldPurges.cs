using CachingProxy.Core.Stores;

namespace CachingProxy.Redis;

/// <summary>
/// Keeps each purge that could not be sent to Redis, until it is sent. Safe for any number of threads.
/// </summary>
internal sealed class UntoldPurges
{
    // The largest number of purges that are kept. Beyond this number, one purge of everything takes the place of all.
    private const int Max = 10_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<Purge, IDisposable?> _held = [];

    /// <summary>The purge to send next; null where there is none.</summary>
    public Purge? Next
    {
        get
        {
            lock (_lock)
            {
                return _held.Keys.FirstOrDefault();
            }
        }
    }

    /// <summary>Adds a purge.</summary>
    /// <param name="purge">The purge.</param>
    /// <param name="held">The hold that keeps the purge in mind until it is sent and its entries are removed; null where no hold is
    /// needed.</param>
    public void Add(Purge purge, IDisposable? held)
    {
        lock (_lock)
        {
            if (_held.Count >= Max)
            {
                foreach (var other in _held.Values.Append(held))
                {
                    other?.Dispose();
                }

                _held.Clear();
                (purge, held) = (Purge.All(), null);
            }

            if (!_held.TryAdd(purge, held))
            {
                held?.Dispose();
            }
        }
    }

    /// <summary>Removes a purge that was sent, and returns the hold on it, if there is one.</summary>
    public IDisposable? Remove(Purge purge)
    {
        lock (_lock)
        {
            return _held.Remove(purge, out var held) ? held : null;
        }
    }
}
