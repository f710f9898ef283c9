namespace CachingProxy.Core.Messages;

/// <summary>The rules of a face for lifetimes, cookies and sizes. Immutable; a request keeps the policy that it came in with.</summary>
public sealed record CachePolicy
{
    /// <summary>
    /// The TTL: 60 seconds by default, 0 to 365 days. It applies to the statuses 200, 203, 204, 206, 300, 301, 308 and 410. In <see
    /// cref="TtlMode.Respect"/> it is the freshness lifetime of responses that state none; at 0, their lifetime is a tenth of the time
    /// since <c>Last-Modified</c> (RFC 9111 §4.2.2). In <see cref="TtlMode.Override"/> it replaces every stated lifetime; at 0, nothing is
    /// stored.
    /// </summary>
    public TimeSpan TimeToLive { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The choice between RFC 9111 and the TTL; <see cref="TtlMode.Respect"/> by default.</summary>
    public TtlMode TtlMode { get; init; } = TtlMode.Respect;

    /// <summary>The treatment of a cacheable response with <c>Set-Cookie</c>; the response is not stored by default.</summary>
    public SetCookieHandling SetCookie { get; init; } = SetCookieHandling.Refuse;

    /// <summary>
    /// Tells whether cookies are removed from requests and responses, and so do not prevent storing a response. Off by default.
    /// </summary>
    public bool StripCookies { get; init; }

    /// <summary>
    /// Tells whether <c>stale-while-revalidate</c> is honoured despite <c>s-maxage</c>, which forbids serving stale responses (RFC 9111
    /// §5.2.2.10). Off by default.
    /// </summary>
    public bool StaleDespiteSharedMaxAge { get; init; }

    /// <summary>
    /// The time after the end of its freshness during which a response may be served in place of an error of the origin. It applies to
    /// responses that do not state this time themselves (<c>stale-if-error</c>, RFC 5861 §4). It is 0 by default, and at most 365 days.
    /// Above 0, a 429 and every 5xx count as errors. In <see cref="TtlMode.Respect"/>, <c>must-revalidate</c>, <c>proxy-revalidate</c>,
    /// <c>s-maxage</c> and <c>no-cache</c> forbid serving the stale response.
    /// </summary>
    public TimeSpan StaleIfError { get; init; }

    /// <summary>
    /// The time after the end of its freshness during which a response is served while it is being refreshed. It applies to responses that
    /// do not state this time themselves (<c>stale-while-revalidate</c>, RFC 5861 §3). It is 0 by default, and at most 365 days. The
    /// directives that forbid <see cref="StaleIfError"/> forbid this use as well.
    /// </summary>
    public TimeSpan StaleWhileRevalidate { get; init; }

    /// <summary>
    /// Tells whether the cache never asks an origin. Every stored response that was not purged is then served, however old. Off by default.
    /// </summary>
    public bool IsOffline { get; init; }

    /// <summary>
    /// The time that a request waits for the head of another request's fetch before it begins its own fetch: 10 seconds by default, above
    /// 0.
    /// </summary>
    public TimeSpan WaitTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The time for which requests for a URI do not wait for each other after a response that could not be shared: 120 seconds by default.
    /// At 0, they always wait.
    /// </summary>
    public TimeSpan UncacheableTimeToLive { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>
    /// The fraction at the end of the freshness lifetime during which a use of the response starts a refresh in the background: 0 (never)
    /// by default, up to 0.9. The response is fetched again while the old one is still fresh, so that responses in constant demand never
    /// expire.
    /// </summary>
    public double EarlyRefresh { get; init; }

    /// <summary>
    /// Tells whether the fields that group responses for caches (<c>Cache-Tag</c>, <c>Surrogate-Key</c>, <c>xkey</c>) are sent on to
    /// clients. Off by default. <c>Cache-Groups</c> is always sent on (RFC 9875).
    /// </summary>
    public bool SendTags { get; init; }

    /// <summary>Tells whether only 2xx responses are stored. Off by default.</summary>
    public bool OnlySuccesses { get; init; }

    /// <summary>
    /// The largest body that is stored, in bytes: 64 MiB by default, 0 or more. A response that announces a larger body is passed on
    /// without being stored. If a body of unannounced length grows past the limit, the storing of its response is abandoned.
    /// </summary>
    public long MaxObjectBytes { get; init; } = 64L << 20;
}
