namespace CachingProxy.Core.Messages;

/// <summary>
/// The kinds of failure of a fetch: by the origin, by the connection to it, or by the client. The names follow RFC 9209 §2.3.
/// </summary>
public enum OriginError
{
    /// <summary>No connection could be made, for a reason that no other member names: the request was not sent.</summary>
    Unreachable,

    /// <summary>The name has no address: the request was not sent.</summary>
    NameNotResolved,

    /// <summary>The origin refused the connection: the request was not sent.</summary>
    ConnectionRefused,

    /// <summary>The connection was not accepted in time: the request was not sent.</summary>
    ConnectionTimeout,

    /// <summary>The certificate is not trusted, has expired or is for another name: the request was not sent.</summary>
    CertificateRefused,

    /// <summary>No secure connection came about, for another reason than the certificate: the request was not sent.</summary>
    TlsFailed,

    /// <summary>The connection broke before a response: the origin may have seen the request.</summary>
    Disconnected,

    /// <summary>The origin has failed again and again, and is not asked for a while: the request was not sent.</summary>
    HeldDown,

    /// <summary>
    /// Too many requests wait for this origin or this response already, or the origin had no room in time: the request was not sent.
    /// </summary>
    Overloaded,

    /// <summary>The origin did not answer or go on in time.</summary>
    Timeout,

    /// <summary>The bytes received are not a response, or not a response that may be passed on.</summary>
    InvalidResponse,

    /// <summary>The response ended before it was whole.</summary>
    Truncated,

    /// <summary>The target is not one that this request may reach.</summary>
    ForbiddenTarget,

    /// <summary>The content that the client sends did not arrive whole, or not as announced: not the origin's fault.</summary>
    ClientContent,

    /// <summary>The client stopped sending content that it had announced: not the origin's fault.</summary>
    ClientTimeout,

    /// <summary>
    /// The client asked for a stored response only (<c>only-if-cached</c>), and none can be used: the origin was not asked.
    /// </summary>
    OnlyIfCached,

    /// <summary>
    /// The operator's limit or the origin's own limit forbids asking the origin so often: the request was not sent.
    /// </summary>
    Limited,

    /// <summary>The client sends requests more often than it may: the origin was not asked.</summary>
    RateLimited,

    /// <summary>No origin may be asked (<see cref="CachePolicy.IsOffline"/>), and no stored response can be used.</summary>
    Offline,
}
