using System.Net;
using System.Security.Cryptography.X509Certificates;
using CachingProxy.AspNetCore.Gate;
using CachingProxy.Core.Limits;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Origins;
using CachingProxy.Http.Targets;
using CachingProxy.Http.Upstream;
using CachingProxy.Telemetry;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.Configuration;

/// <summary>Everything that can be set, read and checked once at the start. Immutable.</summary>
public sealed record ProxySettings
{
    /// <summary>The port to listen on: 8000 by default, 0 to 65535. With 0, the system chooses a free port.</summary>
    public int Port { get; init; } = 8000;

    /// <summary>The address to listen on: 127.0.0.1 by default.</summary>
    public IPAddress Host { get; init; } = IPAddress.Loopback;

    /// <summary>
    /// The port of a separate listener for the proxy's own paths, except <c>/proxy</c>. None by default: those paths are then served on
    /// <see cref="Port"/>. With 0, the system chooses a free port.
    /// </summary>
    public int? AdminPort { get; init; }

    /// <summary>The address of the listener on <see cref="AdminPort"/>: 127.0.0.1 by default.</summary>
    public IPAddress AdminHost { get; init; } = IPAddress.Loopback;

    /// <summary>
    /// Tells whether to listen on the loopback addresses of both IPv4 and IPv6, or on the one that exists. <see cref="Host"/> is then the
    /// IPv4 address. Off by default.
    /// </summary>
    public bool ListensOnLocalhost { get; init; }

    /// <summary>The base URL of the upstream; none by default. Without it, clients can request only absolute URLs.</summary>
    public Uri? Origin { get; init; }

    /// <summary>
    /// How long the origin may be silent, before the head of a response and within it: 60 seconds by default (<see
    /// cref="HttpOriginOptions"/>).
    /// </summary>
    public TimeSpan OriginTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Certificate issuers that are trusted in addition to those of the system; none by default.</summary>
    public X509Certificate2Collection OriginIssuers { get; init; } = [];

    /// <summary>Tells whether the certificate of the origin is not checked. Off by default.</summary>
    public bool OriginInsecure { get; init; }

    /// <summary>The proxy through which origins are reached; none by default.</summary>
    public IWebProxy? OriginProxy { get; init; }

    /// <summary>
    /// The longest time for which no request goes to an origin that fails again and again: 30 seconds by default. With 0, every request
    /// goes to the origin (<see cref="OriginLimits.MaxHold"/>).
    /// </summary>
    public TimeSpan BreakerMaxPause { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The TTL: 60 seconds by default, 0 to 365 days (<see cref="CachePolicy.TimeToLive"/>).</summary>
    public TimeSpan TimeToLive { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Says whether RFC 9111 or the TTL decides on forwarded paths; RFC 9111 by default.</summary>
    public TtlMode TtlMode { get; init; } = TtlMode.Respect;

    /// <summary>Says how to treat a cacheable response with <c>Set-Cookie</c> on forwarded paths; it is not stored by default.</summary>
    public SetCookieHandling SetCookie { get; init; } = SetCookieHandling.Refuse;

    /// <summary>Tells whether cookies are removed in both directions. Off by default.</summary>
    public bool StripCookies { get; init; }

    /// <summary>
    /// Tells whether redirects and cookies that name the origin are rewritten (<see
    /// cref="AspNetCore.ReverseProxyOptions.RewritesReferences"/>). On by default.
    /// </summary>
    public bool RewriteLocation { get; init; } = true;

    /// <summary>
    /// Tells whether <c>stale-while-revalidate</c> is honoured despite <c>s-maxage</c> (<see
    /// cref="CachePolicy.StaleDespiteSharedMaxAge"/>). Off by default.
    /// </summary>
    public bool StaleDespiteSharedMaxAge { get; init; }

    /// <summary>
    /// How long a request waits for the head of the response that another request fetches: 10 seconds by default (<see
    /// cref="CachePolicy.WaitTimeout"/>).
    /// </summary>
    public TimeSpan WaitTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a client may receive no bytes of the response, or send no bytes of its content: 30 seconds by default, 1 second or more.
    /// </summary>
    public TimeSpan ClientTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long requests for a URL do not wait for each other after a response that could not be shared: 120 seconds by default (<see
    /// cref="CachePolicy.UncacheableTimeToLive"/>).
    /// </summary>
    public TimeSpan UncacheableTimeToLive { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>
    /// The time in which a stale response may stand in for an error, where the response states none: 0 by default, 0 to 365 days (<see
    /// cref="CachePolicy.StaleIfError"/>).
    /// </summary>
    public TimeSpan StaleIfError { get; init; }

    /// <summary>
    /// The time in which a stale response is served while it is refreshed, where the response states none: 0 by default, 0 to 365 days
    /// (<see cref="CachePolicy.StaleWhileRevalidate"/>).
    /// </summary>
    public TimeSpan StaleWhileRevalidate { get; init; }

    /// <summary>Tells whether no origin is ever asked (<see cref="CachePolicy.IsOffline"/>). Off by default.</summary>
    public bool Offline { get; init; }

    /// <summary>How long stores keep a response after its lifetime, because the operator permits serving it stale.</summary>
    public TimeSpan StaleRetention
    {
        get
        {
            if (Offline)
            {
                return TimeSpan.FromDays(3650);
            }

            return StaleIfError > StaleWhileRevalidate ? StaleIfError : StaleWhileRevalidate;
        }
    }

    /// <summary>
    /// The share at the end of a lifetime in which a request for the entry starts a refresh: 0 (never) by default, up to 0.9 (<see
    /// cref="CachePolicy.EarlyRefresh"/>).
    /// </summary>
    public double EarlyRefresh { get; init; }

    /// <summary>
    /// How many requests each client may make on both faces: no limit by default (<see cref="ClientLimitOptions.Limits"/>).
    /// </summary>
    public IReadOnlyList<RateLimit> RateLimits { get; init; } = [];

    /// <summary>The request field that names a client; its address by default (<see cref="ClientLimitOptions.Field"/>).</summary>
    public string? RateLimitField { get; init; }

    /// <summary>
    /// Tells whether hits count towards <see cref="RateLimits"/> (<see cref="ClientLimitOptions.CountsHits"/>). On by default.
    /// </summary>
    public bool RateLimitHits { get; init; } = true;

    /// <summary>
    /// The networks of proxies whose statements about their clients are trusted; none by default (<see
    /// cref="AspNetCore.Gate.TrustedProxies"/>).
    /// </summary>
    public IReadOnlyList<IPNetwork> TrustedProxies { get; init; } = [];

    /// <summary>Tells whether trusted proxies name the scheme that their client used. Off by default.</summary>
    public bool TrustsForwardedScheme { get; init; }

    /// <summary>Tells whether trusted proxies name the host that their client asked for. Off by default.</summary>
    public bool TrustsForwardedHost { get; init; }

    /// <summary>Tells whether connections of trusted proxies begin with the PROXY protocol. Off by default.</summary>
    public bool ProxyProtocol { get; init; }

    /// <summary>
    /// The largest number of simultaneous connections from one client address. 0, the default, sets no limit per address.
    /// </summary>
    public int MaxConnectionsPerClient { get; init; }

    /// <summary>How often each origin may be asked: no limit by default (<see cref="OriginQuota"/>).</summary>
    public IReadOnlyList<RateLimit> OriginRateLimits { get; init; } = [];

    /// <summary>How long a request waits for its turn with an origin: 10 seconds by default (<see cref="OriginQuota"/>).</summary>
    public TimeSpan OriginQueueTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The largest number of exchanges with one origin at once: 512 by default (<see cref="OriginLimits.MaxExchanges"/>).
    /// </summary>
    public int MaxFetches { get; init; } = 512;

    /// <summary>Tells whether <c>Cache-Tag</c> and similar fields are sent on to clients. Off by default.</summary>
    public bool SendTags { get; init; }

    /// <summary>The bound of the memory tier in bytes: 256 MiB by default.</summary>
    public long MaxMemoryBytes { get; init; } = 256L << 20;

    /// <summary>The tier behind the memory, so that the cache survives a restart; none by default.</summary>
    public StoreSetting? Store { get; init; }

    /// <summary>The bound of a file behind the memory, in bytes: 1 GiB by default.</summary>
    public long MaxDiskBytes { get; init; } = 1L << 30;

    /// <summary>The largest body that is stored, in bytes: 64 MiB by default.</summary>
    public long MaxObjectBytes { get; init; } = 64L << 20;

    /// <summary>
    /// The bound of the memory that all requests on <c>/proxy</c> hold together while they make their envelopes, in bytes: 128 MiB by
    /// default.
    /// </summary>
    public long MaxProxyMemoryBytes { get; init; } = 128L << 20;

    /// <summary>Fields sent with every request to the origin. Their values may be secret and are never shown.</summary>
    public IReadOnlyList<KeyValuePair<string, StringValues>> OriginFields { get; init; } = [];

    /// <summary>The host names that requests may use; if empty, <see cref="AspNetCore.Gate.AllowedHosts"/> has defaults.</summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>
    /// Sites whose pages may act with the credentials of <see cref="OriginFields"/> (<see cref="CrossSiteGuard"/>); none by default.
    /// </summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    /// <summary>Targets of <c>/proxy</c> that are permitted by name.</summary>
    public IReadOnlyList<AllowedTarget> AllowedTargets { get; init; } = [];

    /// <summary>The token that admin operations require. Without a token, only trusted local requests may use them.</summary>
    public string? AdminToken { get; init; }

    /// <summary>
    /// The form of the access log. Null by default: the command then chooses combined for a file, text on a terminal, and off otherwise.
    /// </summary>
    public AccessLogFormat? AccessLog { get; init; }

    /// <summary>The file of the access log; standard output by default.</summary>
    public string? AccessLogFile { get; init; }

    /// <summary>Query parameters whose values are masked in the access log, in addition to the usual ones; none by default.</summary>
    public IReadOnlyList<string> RedactedParameters { get; init; } = [];

    /// <summary>The lowest levels of the messages that are logged. By default: Warning, and Information for our own messages.</summary>
    public LogLevels LogLevels { get; init; } = LogLevels.Default;

    /// <summary>The form of messages: text by default.</summary>
    public LogFormat LogFormat { get; init; } = LogFormat.Text;

    /// <summary>Tells whether requests are measured, and <c>/metrics</c> answers. On by default.</summary>
    public bool Metrics { get; init; } = true;

    /// <summary>The source of each setting that is not left at its default, by the name of the setting.</summary>
    public IReadOnlyDictionary<string, SettingSource> Sources { get; init; } = new Dictionary<string, SettingSource>();

    /// <summary>Tells whether only this machine can connect.</summary>
    public bool ListensOnLoopbackAlone => IPAddress.IsLoopback(Host);
}
