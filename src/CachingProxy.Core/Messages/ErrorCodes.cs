namespace CachingProxy.Core.Messages;

/// <summary>The codes of our errors, the same on both faces.</summary>
public static class ErrorCodes
{
    /// <summary>Returns the code of an error on the way to the origin.</summary>
    public static string Of(OriginError error) =>
        error switch
        {
            OriginError.Unreachable
            or OriginError.NameNotResolved
            or OriginError.ConnectionRefused
            or OriginError.CertificateRefused
            or OriginError.TlsFailed
            or OriginError.Disconnected
            or OriginError.HeldDown => "upstream_unreachable",
            OriginError.ConnectionTimeout or OriginError.Timeout => "upstream_timeout",
            OriginError.Overloaded => "overloaded",
            OriginError.ForbiddenTarget => "forbidden_target",
            OriginError.ClientContent => "bad_request",
            OriginError.ClientTimeout => "request_timeout",
            OriginError.OnlyIfCached => "not_cached",
            OriginError.Offline => "offline",
            OriginError.Limited => "origin_limited",
            OriginError.RateLimited => "rate_limited",
            _ => "upstream_invalid_response",
        };
}
