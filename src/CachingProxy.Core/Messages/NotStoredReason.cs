using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Messages;

/// <summary>The reason why a response was not stored. The name reaches <c>Cache-Status</c>, the log and the metrics.</summary>
public enum NotStoredReason
{
    /// <summary>The response says <c>no-store</c>.</summary>
    NoStore,

    /// <summary>The request says <c>no-store</c>.</summary>
    RequestNoStore,

    /// <summary>The response says <c>private</c>.</summary>
    Private,

    /// <summary>The request had <c>Authorization</c>, and the response does not permit sharing (RFC 9111 §3.5).</summary>
    Authorization,

    /// <summary>The response sets a cookie.</summary>
    SetCookie,

    /// <summary>The request had a cookie, and only the TTL or a heuristic would make the response fresh.</summary>
    RequestCookie,

    /// <summary>
    /// The request had an API key or another credential (<see cref="CredentialFields"/>), and only the TTL or a heuristic would make the
    /// response fresh. The way out: send the key with <c>--origin-header</c>, so that it is the same for all, or let the origin state a
    /// lifetime.
    /// </summary>
    RequestCredentials,

    /// <summary><c>Vary: *</c>: no later request can be known to match.</summary>
    VaryAny,

    /// <summary><c>Vary</c> names more fields than the cache compares.</summary>
    VaryTooLong,

    /// <summary>A response with this status may not be stored with the lifetime that this response has.</summary>
    Status,

    /// <summary>The response has neither a lifetime nor a validator, so it could never be reused.</summary>
    NoLifetime,

    /// <summary>The response is larger than the largest stored body.</summary>
    TooLarge,

    /// <summary>The response is a part (206) of an unclear range, or an answer to a range (416) rather than to the URI.</summary>
    Partial,

    /// <summary>The response says <c>must-understand</c>, and this cache does not know its status.</summary>
    NotUnderstood,

    /// <summary>
    /// A response to this method is stored only if it is a 200 with an explicit lifetime and a <c>Content-Location</c> that is the target
    /// itself.
    /// </summary>
    Method,

    /// <summary>
    /// The origin failed (500, 502, 503, 504; with <see cref="CachePolicy.StaleIfError"/> also a 429 or another 5xx) while a good response
    /// is still stored.
    /// </summary>
    ServerError,

    /// <summary>The response is an event stream, which has no end.</summary>
    EventStream,

    /// <summary>
    /// The response's framing can be read in two ways; the bytes received are right only if the origin meant our reading.
    /// </summary>
    AmbiguousFraming,

    /// <summary>
    /// A member of the response's <c>Cache-Control</c> is no directive (<c>private; max-age=30</c>), so that nobody can tell what it
    /// forbids.
    /// </summary>
    CacheControlMalformed,

    /// <summary>
    /// A field of the response could not be passed on as it came, and was left out or repaired: nobody can tell what it said.
    /// </summary>
    UnreadableField,

    /// <summary>The response bears more tags than can be kept, and could not be purged by all of them.</summary>
    TooManyTags,

    /// <summary>The response is larger than the whole store.</summary>
    StoreTooSmall,

    /// <summary>There was no memory for the body while it arrived (<see cref="CacheEngineOptions.MaxGrowingBytes"/>).</summary>
    NoRoom,
}
