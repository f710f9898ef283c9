namespace CachingProxy.Core.Messages;

/// <summary>The treatment of an otherwise cacheable response that carries <c>Set-Cookie</c>.</summary>
public enum SetCookieHandling
{
    /// <summary>Do not store the response.</summary>
    Refuse,

    /// <summary>Store the response without the field; only the request that caused the fetch gets the cookie.</summary>
    Strip,

    /// <summary>Store the response whole; everybody gets the cookie.</summary>
    Store,
}
