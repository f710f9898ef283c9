namespace CachingProxy.Admin;

/// <summary>Numbers since the start, and as of now.</summary>
/// <param name="Success">Always true.</param>
/// <param name="Version">The version of the proxy.</param>
/// <param name="UptimeSeconds">The seconds since the start.</param>
/// <param name="Requests">The answered requests, by outcome.</param>
/// <param name="HitRatio">The share of the requests to a face that the origin need not answer; absent before the first one.</param>
/// <param name="BytesSent">The bytes of content that were sent to clients.</param>
/// <param name="BytesFromCache">Those of them that came from the cache.</param>
/// <param name="ActiveRequests">The requests that are being answered now.</param>
/// <param name="WaitingRequests">The requests that wait for another request's fetch now.</param>
/// <param name="ActiveFills">The fetches that are under way now.</param>
/// <param name="MemoryBytes">The bytes of the memory tier.</param>
/// <param name="MemoryEntries">The entries of the memory tier.</param>
/// <param name="Evictions">The entries that made room.</param>
/// <param name="OriginsHeldDown">The origins that are not asked now, because they failed.</param>
/// <param name="MostMissed">The URLs that went to the origin most often lately, with the last reason.</param>
internal sealed record ApiStats(
    bool Success,
    string Version,
    long UptimeSeconds,
    IReadOnlyDictionary<string, long> Requests,
    double? HitRatio,
    long BytesSent,
    long BytesFromCache,
    int ActiveRequests,
    int WaitingRequests,
    int ActiveFills,
    long MemoryBytes,
    long MemoryEntries,
    long Evictions,
    int OriginsHeldDown,
    IReadOnlyList<ApiMissed> MostMissed
);
