namespace CachingProxy.Core.Messages;

/// <summary>The choice of what decides how long a response is fresh: RFC 9111 or the TTL.</summary>
public enum TtlMode
{
    /// <summary>RFC 9111 decides; the TTL is for responses that state no lifetime.</summary>
    Respect,

    /// <summary>
    /// The TTL decides. Lifetimes and prohibitions that the origin or the client states are ignored, but requests with <c>Authorization</c>
    /// still bypass the cache.
    /// </summary>
    Override,
}
