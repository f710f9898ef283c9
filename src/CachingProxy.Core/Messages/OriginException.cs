namespace CachingProxy.Core.Messages;

/// <summary>A failure to get a response that can be passed on.</summary>
/// <param name="error">The kind of failure.</param>
/// <param name="message">The failure in words, for the client: without addresses, headers or anything the client did not say
/// itself.</param>
/// <param name="cause">The original exception, for the log.</param>
public sealed class OriginException(OriginError error, string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>The kind of failure.</summary>
    public OriginError Error => error;

    /// <summary>The time after which to ask again; null where nobody knows.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Tells whether no connection to the origin came about.</summary>
    public bool IsUnconnected =>
        error
            is OriginError.Unreachable
                or OriginError.NameNotResolved
                or OriginError.ConnectionRefused
                or OriginError.ConnectionTimeout
                or OriginError.CertificateRefused
                or OriginError.TlsFailed;

    /// <summary>
    /// Tells whether the fault is the origin's: it failed, or it had no room. False for faults of the request or the client.
    /// </summary>
    public bool IsOfOrigin =>
        IsUnconnected
        || error
            is OriginError.Disconnected
                or OriginError.HeldDown
                or OriginError.Overloaded
                or OriginError.Limited
                or OriginError.Timeout
                or OriginError.InvalidResponse
                or OriginError.Truncated;

    /// <summary>Tells whether the origin can have seen the request.</summary>
    public bool MayHaveBeenSent =>
        !IsUnconnected
        && error
            is not (
                OriginError.ForbiddenTarget
                or OriginError.HeldDown
                or OriginError.Overloaded
                or OriginError.OnlyIfCached
                or OriginError.Offline
                or OriginError.Limited
                or OriginError.RateLimited
            );

    /// <summary>The status code for the failure.</summary>
    public int Status =>
        error switch
        {
            OriginError.ConnectionTimeout or OriginError.Timeout or OriginError.OnlyIfCached or OriginError.Offline => 504,
            OriginError.Overloaded or OriginError.Limited => 503,
            OriginError.RateLimited => 429,
            OriginError.ForbiddenTarget => 403,
            OriginError.ClientContent => 400,
            OriginError.ClientTimeout => 408,
            _ => 502,
        };
}
