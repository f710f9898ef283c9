using CachingProxy.AspNetCore;
using CachingProxy.AspNetCore.Gate;
using CachingProxy.Core.Keys;

namespace CachingProxy.Admin;

/// <summary>Reads the parameter <c>url</c> of the endpoints that show something about one URL.</summary>
internal sealed class NamedUrl(PurgeTargets targets, MainPort port)
{
    /// <summary>Returns the upstream URI, or the error that the parameter is absent or cannot be resolved.</summary>
    public (CacheKey Key, ApiError? Error) Read(AdminParameters parameters, Exchange exchange, GuardedRequest guarded)
    {
        if (parameters["url"] is not { Length: > 0 } url)
        {
            return (default, new ApiError("missing_url", "Give the URL as ?url=, absolute or a path of the origin.", 400));
        }

        var (key, invalid) = targets.Resolve(url, guarded.Host, port.Of(exchange));
        return key is { } found ? (found, null) : (default, new ApiError("invalid_url", invalid!, 400));
    }
}
