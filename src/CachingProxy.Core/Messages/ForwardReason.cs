namespace CachingProxy.Core.Messages;

/// <summary>
/// The reason why a request could not be answered with a stored response. The name reaches <c>Cache-Status</c>, the log and the metrics.
/// </summary>
public enum ForwardReason
{
    /// <summary>Nothing is stored for the URI.</summary>
    UriMiss,

    /// <summary>Responses are stored for the URI, but none for these selecting fields.</summary>
    VaryMiss,

    /// <summary>The stored response was fetched before a purge that matches it.</summary>
    Purged,

    /// <summary>The stored response is no longer fresh.</summary>
    Stale,

    /// <summary>The stored response may only be used after validation (<c>no-cache</c>).</summary>
    MustValidate,

    /// <summary>The client asked for validation or for something fresher (<c>no-cache</c>, <c>max-age</c>, <c>min-fresh</c>).</summary>
    ClientDirective,

    /// <summary>No stored response may answer a request of this method.</summary>
    Method,

    /// <summary>A GET or HEAD with content: two servers may read it differently.</summary>
    RequestContent,

    /// <summary>Only parts of the representation are stored, and other ones are needed.</summary>
    Partial,

    /// <summary>The request's <c>Range</c> cannot be read, and nothing is stored that could answer without it.</summary>
    Range,

    /// <summary>The request has a precondition that only the origin can decide (<c>If-Match</c>, <c>If-Unmodified-Since</c>).</summary>
    Precondition,

    /// <summary>The request carries credentials, and the TTL overrides what the origin says about sharing.</summary>
    Authorization,

    /// <summary>Nothing is stored on this face: the TTL is 0 and overrides every lifetime.</summary>
    CachingIsOff,

    /// <summary>The client asked for another protocol on its connection.</summary>
    Upgrade,
}
