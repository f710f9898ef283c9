using CachingProxy.Access;
using CachingProxy.AspNetCore;
using CachingProxy.AspNetCore.Gate;

namespace CachingProxy.Admin;

/// <summary>
/// The table of our own paths. They are ours exactly as written here, undecoded and with every method; any other spelling
/// is the origin's.
/// </summary>
internal sealed class AdminRoutes
{
    private readonly AdminAuthentication _authentication;
    private readonly CacheResource _cache;
    private readonly Dictionary<string, ApiRoute> _routes;

    public AdminRoutes(AdminAuthentication authentication, AdminResources resources)
    {
        _authentication = authentication;
        _cache = resources.Cache;
        All =
        [
            new("/proxy", [], NeedsAuthentication: false, resources.Proxy.HandleAsync),
            new("/cache", ["DELETE"], NeedsAuthentication: true, resources.Cache.DeleteAsync),
            new("/cache/entries", ["GET", "HEAD"], NeedsAuthentication: true, resources.Entries.ListAsync),
            new("/cache/entries/one", ["GET", "HEAD"], NeedsAuthentication: true, resources.Entries.OneAsync),
            new("/cache/explain", ["GET", "HEAD"], NeedsAuthentication: true, resources.Explain.GetAsync),
            new("/cache/stats", ["GET", "HEAD"], NeedsAuthentication: true, resources.Stats.GetAsync),
            new("/cache/events", ["GET"], NeedsAuthentication: true, resources.Events.GetAsync),
            new("/cache/config", ["GET", "HEAD"], NeedsAuthentication: true, resources.Config.GetAsync),
            new("/healthz", ["GET", "HEAD"], NeedsAuthentication: false, HealthResource.LiveAsync),
            new("/readyz", ["GET", "HEAD"], NeedsAuthentication: false, resources.Health.ReadyAsync),
            new("/metrics", ["GET", "HEAD"], NeedsAuthentication: true, resources.Metrics.GetAsync),
            new("/docs", ["GET", "HEAD"], NeedsAuthentication: false, resources.Docs.PageAsync),
            new("/openapi.json", ["GET", "HEAD"], NeedsAuthentication: false, DocsResource.DocumentAsync),
        ];
        _routes = All.ToDictionary(route => route.Path);
    }

    /// <summary>The endpoints that exist.</summary>
    public IReadOnlyList<ApiRoute> All { get; }

    /// <summary>Tells whether a path is ours, whatever the method.</summary>
    public bool IsOurs(ReadOnlySpan<char> path) => _routes.GetAlternateLookup<ReadOnlySpan<char>>().ContainsKey(path) || IsReserved(path);

    /// <summary>Answers a request for one of our paths.</summary>
    public Task HandleAsync(Exchange exchange, GuardedRequest guarded)
    {
        var route = Find(guarded.Path);
        if (route is null)
        {
            return new ApiError("not_found", "There is nothing here. /docs lists what there is.", 404).WriteAsync(exchange);
        }

        if (route.Methods.Length > 0 && !route.Methods.Contains(exchange.Method))
        {
            exchange.ResponseHeaders.Allow = string.Join(", ", route.Methods);
            return new ApiError("method_not_allowed", $"{route.Path} takes {string.Join(" and ", route.Methods)}.", 405).WriteAsync(
                exchange
            );
        }

        return route.NeedsAuthentication && !_authentication.IsPermitted(exchange, guarded.Host)
            ? _authentication.RefuseAsync(exchange)
            : route.Handle(exchange, guarded);
    }

    /// <summary>Purges a path of the origin, by the method <c>PURGE</c>.</summary>
    public Task PurgeAsync(Exchange exchange, GuardedRequest guarded) =>
        _authentication.IsPermitted(exchange, guarded.Host)
            ? _cache.PurgePathAsync(exchange, guarded)
            : _authentication.RefuseAsync(exchange);

    // Paths below /docs/ belong to the page.
    private ApiRoute? Find(ReadOnlySpan<char> path) =>
        _routes.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(path.StartsWith("/docs/") ? "/docs" : path, out var route)
            ? route
            : null;

    // These paths are reserved from the beginning, so that an endpoint added later takes no path away from an origin.
    private static bool IsReserved(ReadOnlySpan<char> path) => path.StartsWith("/cache/") || path.StartsWith("/docs/");
}
