using CachingProxy.Core.Keys;

namespace CachingProxy.JsonProxy;

/// <summary>The meaning of a <c>url</c>: the key of an upstream URI with its host and port, or what is wrong with it.</summary>
internal sealed record ProxyTarget(CacheKey? Key, string Host, int Port, string? Error)
{
    public static ProxyTarget Of(CacheKey key, string host, int port) => new(key, host, port, null);

    public static ProxyTarget Invalid(string error) => new(null, "", 0, error);
}
