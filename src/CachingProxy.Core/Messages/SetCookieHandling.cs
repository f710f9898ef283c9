namespace CachingProxy.Core.Messages;

/// <summary>What becomes of an otherwise cacheable response that carries <c>Set-Cookie</c>.</summary>
public enum SetCookieHandling
{
    /// <summary>It is not stored.</summary>
    Refuse,

    /// <summary>It is stored without the field; only the request that caused the fetch gets it.</summary>
    Strip,

    /// <summary>It is stored whole, and everybody gets the cookie.</summary>
    Store,
}
