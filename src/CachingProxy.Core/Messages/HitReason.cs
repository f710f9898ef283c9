namespace CachingProxy.Core.Messages;

/// <summary>
/// The reason why a stored response may be served as it is. The name reaches <c>Cache-Status</c>, the log and the metrics.
/// </summary>
public enum HitReason
{
    /// <summary>The response is fresh.</summary>
    Fresh,

    /// <summary>The response is stale, and the client takes it (<c>max-stale</c>).</summary>
    MaxStale,

    /// <summary>The response is stale, and served while it is being refreshed.</summary>
    StaleWhileRevalidate,

    /// <summary>The response is fresh for a little while longer, and served while it is being refreshed.</summary>
    EarlyRefresh,

    /// <summary>The response is stale, and no origin may be asked (<see cref="CachePolicy.IsOffline"/>).</summary>
    Offline,
}
