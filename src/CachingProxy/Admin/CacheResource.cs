using CachingProxy.AspNetCore;
using CachingProxy.AspNetCore.Requests;
using CachingProxy.Core;
using CachingProxy.Core.Keys;
using CachingProxy.JsonProxy;
using Microsoft.AspNetCore.Http;

namespace CachingProxy.Admin;

/// <summary><c>/cache</c>: purging.</summary>
internal sealed class CacheResource(CacheEngine engine, ProxyTargetParser targets, OriginBase? origin)
{
    /// <summary><c>DELETE /cache</c> purges everything; with <c>url=</c>, which may be repeated, just that.</summary>
    public async Task DeleteAsync(HttpContext context, GuardedRequest guarded)
    {
        var purged = new List<CacheKey>();
        foreach (var (name, value) in QueryParameters.Of(guarded.Target))
        {
            if (name != "url")
            {
                await new ApiError("bad_request", $"'{name}' is no parameter here; permitted is url, once or several times. Nothing was purged.", 400).WriteAsync(context);
                return;
            }

            // A path of the origin is named as clients ask for it, which may be looser than what /proxy takes.
            var ofOrigin = UriNormalization.IsAcceptableRequestTarget(value) && !value.StartsWith("//", StringComparison.Ordinal) ? origin?.KeyOf(value) : null;
            var target = ofOrigin is null ? targets.Parse(value) : null;
            if ((ofOrigin ?? target?.Key) is not { } key)
            {
                await new ApiError("invalid_url", $"{target?.Error} Nothing was purged.", 400).WriteAsync(context);
                return;
            }

            purged.Add(key);
        }

        if (purged.Count == 0)
        {
            await engine.PurgeAllAsync();
        }

        foreach (var key in purged)
        {
            await engine.PurgeAsync(key);
        }

        var message = purged.Count == 0 ? "Cache cleared successfully" : $"Purged {string.Join(", ", purged)}";
        await ApiAnswer.WriteAsync(context, 200, new ApiSuccess(true, message), ApiJson.Default.ApiSuccess);
    }
}
