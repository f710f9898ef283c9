using System.Net;
using System.Security.Cryptography.X509Certificates;
using CachingProxy.Core.Messages;

namespace CachingProxy.Http.Upstream;

/// <summary>The settings for the connections to origins, and for the responses from them.</summary>
public sealed record HttpOriginOptions
{
    /// <summary>How long connecting may take, TLS included: 3 seconds by default. Then the request ends as a 504.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// How long the origin may be silent before the head of its response, once the request is sent: 60 seconds by
    /// default. Then the request ends as a 504.
    /// </summary>
    public TimeSpan HeadTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long the origin may be silent within the content: 60 seconds by default. Then the response is broken off, and
    /// not stored. Event streams may be silent for ever.
    /// </summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Certificates of issuers that are trusted beside those that the system trusts. None by default.</summary>
    public X509Certificate2Collection TrustedIssuers { get; init; } = [];

    /// <summary>
    /// Hosts whose certificates are not checked at all: anybody on the way to such a host can read and change everything. None by default.
    /// </summary>
    public IReadOnlyList<string> UncheckedHosts { get; init; } = [];

    /// <summary>The proxy through which origins are reached. Null by default: no proxy, whatever the environment says.</summary>
    public IWebProxy? Proxy { get; init; }

    /// <summary>
    /// Is awaited before a request is sent a second time, because its connection broke before an answer; none by default. If it throws an
    /// <see cref="OriginException"/>, the request ends with the failure of the first attempt.
    /// </summary>
    public Func<OriginRequest, CancellationToken, ValueTask>? BeforeResend { get; init; }

    /// <summary>The largest number of fields in a response: 200 by default. A response with more is a 502.</summary>
    public int MaxResponseFields { get; init; } = 200;
}
