using CachingProxy.AspNetCore;
using CachingProxy.AspNetCore.Gate;
using CachingProxy.Core;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Stores;
using CachingProxy.Http.Targets;

namespace CachingProxy.Admin;

/// <summary>Purges: answers <c>/cache</c>, and the method <c>PURGE</c> on any path of the origin.</summary>
internal sealed class CacheResource(CacheEngine engine, PurgeParameters parameters, OriginBase? origin, MainPort port)
{
    /// <summary>Answers <c>DELETE /cache</c>: purges everything, or only what the <see cref="PurgeParameters"/> name.</summary>
    public Task DeleteAsync(Exchange exchange, GuardedRequest guarded)
    {
        var (purges, error) = parameters.Read(guarded, port.Of(exchange));
        return error?.WriteAsync(exchange) ?? PurgeAsync(exchange, purges, isAll: purges is [{ Kind: PurgeKind.All, IsSoft: false }]);
    }

    /// <summary>Answers <c>PURGE</c> on a path of the origin: purges that URL. The request is never forwarded.</summary>
    public Task PurgePathAsync(Exchange exchange, GuardedRequest guarded) =>
        origin?.KeyOf(guarded.Target) is { } key
            ? PurgeAsync(exchange, [Purge.Url(key)], isAll: false)
            : new ApiError(
                "not_found",
                "PURGE is for paths of the origin, and this is none of them; DELETE /cache?url= takes absolute URLs.",
                404
            ).WriteAsync(exchange);

    private async Task PurgeAsync(Exchange exchange, IReadOnlyList<Purge> purges, bool isAll)
    {
        PurgeNotPropagatedException? missed = null;
        var urls = new List<ApiPurged>();
        foreach (var key in purges.Where(purge => purge.Kind == PurgeKind.Url).Select(purge => new CacheKey(purge.Authority, purge.Text)))
        {
            urls.Add(new ApiPurged(key.ToString(), await engine.HasStoredAsync(key)));
        }

        foreach (var purge in purges)
        {
            try
            {
                await engine.PurgeAsync(purge);
            }
            catch (PurgeNotPropagatedException failure)
            {
                missed = failure;
            }
        }

        if (missed is not null)
        {
            await new ApiError(
                "purge_not_propagated",
                $"Purged on this node; other nodes will learn of it later: {missed.Message}",
                503
            ).WriteAsync(exchange);
            return;
        }

        var message = isAll ? "Cache cleared successfully" : $"Purged {string.Join(", ", purges)}";
        await ApiAnswer.WriteAsync(exchange, 200, new ApiSuccess(true, message, urls.Count > 0 ? urls : null), ApiJson.Readable.ApiSuccess);
    }
}
