namespace CachingProxy.Core.Entries;

/// <summary>The sources of a freshness lifetime.</summary>
internal enum FreshnessSource
{
    /// <summary>The response has no freshness lifetime.</summary>
    None,

    /// <summary>The origin stated the lifetime (<c>s-maxage</c>, <c>max-age</c>, <c>Expires</c>).</summary>
    Explicit,

    /// <summary>The configured TTL.</summary>
    TimeToLive,

    /// <summary>A tenth of the time since <c>Last-Modified</c>.</summary>
    Heuristic,
}
