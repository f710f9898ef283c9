using CachingProxy.JsonProxy;

namespace CachingProxy.Admin;

/// <summary>The resources behind our own paths.</summary>
internal sealed record AdminResources(
    ProxyEndpoint Proxy,
    CacheResource Cache,
    EntriesResource Entries,
    ExplainResource Explain,
    StatsResource Stats,
    EventsResource Events,
    ConfigResource Config,
    HealthResource Health,
    MetricsResource Metrics,
    DocsResource Docs
);
