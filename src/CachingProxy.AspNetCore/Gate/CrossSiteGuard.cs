using CachingProxy.Core.Decisions;
using CachingProxy.Core.Keys;

namespace CachingProxy.AspNetCore.Gate;

/// <summary>
/// Refuses requests that a page of another site makes through a browser, if they would carry the operator's credentials. Otherwise, where
/// every request to the origin carries these credentials, any form or script could change things in the operator's name. The guard leaves
/// reading to the same-origin policy, except for WebSockets, which have no such policy. Safe for any number of threads.
/// </summary>
/// <param name="hasCredentials">Whether requests act with the operator's credentials at all.</param>
/// <param name="allowedOrigins">Origins whose pages may make such requests, as <c>scheme://host[:port]</c>, normalised; <c>*</c> for
/// all.</param>
public sealed class CrossSiteGuard(bool hasCredentials, IReadOnlyList<string> allowedOrigins)
{
    /// <summary>Checks a request to the origin or to a target. Returns the refusal, or null where there is none.</summary>
    public Refusal? Check(Exchange exchange, GuardedRequest guarded)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        return
            hasCredentials
            && (UnsafeMethods.IsUnsafe(exchange.Method) || exchange.RequestHeaders.Upgrade.Count > 0)
            && IsForeign(exchange, guarded.Host)
            ? new Refusal(
                403,
                "cross_site",
                "A page of another site may not act with the credentials that this proxy sends to its origin; --allow-origin permits one."
            )
            : null;
    }

    /// <summary>Returns an origin in the form for comparison; null where the text is no origin.</summary>
    public static string? Normalise(string origin)
    {
        ArgumentNullException.ThrowIfNull(origin);
        return
            origin.Split("://") is [var scheme, var authority]
            && scheme.ToLowerInvariant() is "http" or "https"
            && UriNormalization.NormaliseHost(scheme.ToLowerInvariant(), authority) is { } host
            ? $"{scheme.ToLowerInvariant()}://{host}"
            : null;
    }

    // Fetch Metadata names the relation of the sites outright. A browser without it still sends the origin of the page; the origin `null`
    // counts as foreign.
    private bool IsForeign(Exchange exchange, string host)
    {
        var headers = exchange.RequestHeaders;
        var site = headers["Sec-Fetch-Site"];
        var origin = headers.Origin;
        if (
            allowedOrigins.Contains("*")
            || (origin.Count == 1 && Normalise(origin.ToString()) is { } normal && allowedOrigins.Contains(normal))
        )
        {
            return false;
        }

        return site.Count > 0
            ? site.ToString() is not ("same-origin" or "same-site" or "none")
            : origin.Count > 0
                && (
                    Normalise(origin.ToString()) is not { } known
                    || !IsSameName(known[(known.IndexOf("://", StringComparison.Ordinal) + 3)..], host)
                );
    }

    private static bool IsSameName(string one, string other) =>
        UriNormalization.WithoutPort(one).SequenceEqual(UriNormalization.WithoutPort(other));
}
