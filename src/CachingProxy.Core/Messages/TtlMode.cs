namespace CachingProxy.Core.Messages;

/// <summary>Says who decides how long a response is fresh.</summary>
public enum TtlMode
{
    /// <summary>RFC 9111 decides; the TTL is for responses that state no lifetime.</summary>
    Respect,

    /// <summary>The TTL decides; lifetimes and prohibitions that origin and client state do not count.</summary>
    Override,
}
