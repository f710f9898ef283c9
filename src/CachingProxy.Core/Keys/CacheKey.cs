namespace CachingProxy.Core.Keys;

/// <summary>
/// The primary key: the upstream URI that a request means (RFC 9111 §2). Its parts are compared separately, so no two URIs share a key,
/// even where their parts give the same text when written one after the other. A purge of a URL names one key.
/// </summary>
/// <param name="Authority">Scheme and host, normalised (lower case, no default port): <c>https://api.test:8443</c>.</param>
/// <param name="Target">Path and query as they go on the wire, byte for byte; begins with a slash.</param>
public readonly record struct CacheKey(string Authority, string Target)
{
    /// <summary>Returns the URI as text.</summary>
    public override string ToString() => Authority + Target;
}
