namespace CachingProxy.Core.Purging;

/// <summary>
/// Counts the fetches that are under way, by the number of the purge that was the last when each began. For one caller at a time.
/// </summary>
internal sealed class FetchesUnderWay
{
    private readonly SortedDictionary<long, int> _begun = [];

    /// <summary>The number of fetches.</summary>
    public int Count => _begun.Values.Sum();

    /// <summary>The number at which the oldest began; null where none is under way.</summary>
    public long? Oldest => _begun.Count > 0 ? _begun.First().Key : null;

    /// <summary>Counts a fetch that began at a number.</summary>
    public void Begin(long number) => _begun[number] = _begun.GetValueOrDefault(number) + 1;

    /// <summary>Takes a fetch that began at a number out of the count.</summary>
    public void End(long number)
    {
        if (--_begun[number] == 0)
        {
            _begun.Remove(number);
        }
    }
}
