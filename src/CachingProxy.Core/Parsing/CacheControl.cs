namespace CachingProxy.Core.Parsing;

/// <summary>
/// The directives of a <c>Cache-Control</c> field, of a request or of a response (RFC 9111 §5.2, RFC 5861, RFC 8246). Unreadable input
/// makes a response less cacheable, never more: a number that is given twice with different values, or a value that is no number, makes
/// nothing fresher (RFC 9111 §4.2.1), and a member that is no directive sets <see cref="IsMalformed"/>.
/// </summary>
internal sealed record CacheControl
{
    /// <summary>The value for a field that is absent, or holds no known directive.</summary>
    public static readonly CacheControl None = new();

    public bool NoStore { get; init; }

    /// <summary><c>no-cache</c> without field names: nothing may be reused without validation.</summary>
    public bool NoCache { get; init; }

    /// <summary>The fields of <c>no-cache="..."</c>, which may not be reused without validation.</summary>
    public IReadOnlyList<string> NoCacheFields { get; init; } = [];

    /// <summary><c>private</c> without field names: not for a shared cache.</summary>
    public bool Private { get; init; }

    /// <summary>The fields of <c>private="..."</c>, which a shared cache does not store.</summary>
    public IReadOnlyList<string> PrivateFields { get; init; } = [];

    public bool Public { get; init; }

    public bool MustRevalidate { get; init; }

    public bool ProxyRevalidate { get; init; }

    /// <summary>
    /// True if only a cache that knows the status may store the response; <c>no-store</c> then applies only to other caches (RFC 9111
    /// §5.2.2.3).
    /// </summary>
    public bool MustUnderstand { get; init; }

    /// <summary>True if the response needs no validation while it is fresh (RFC 8246).</summary>
    public bool Immutable { get; init; }

    public bool OnlyIfCached { get; init; }

    /// <summary>
    /// True if a member does not have the form of a directive, <c>token[=value]</c>, so that nobody can tell what it forbids.
    /// </summary>
    public bool IsMalformed { get; init; }

    /// <summary>
    /// Tells whether the directives were read from a targeted field. <c>Expires</c> is then ignored (RFC 9213 §2.2).
    /// </summary>
    public bool IsTargeted { get; init; }

    public TimeSpan? MaxAge { get; init; }

    public TimeSpan? SharedMaxAge { get; init; }

    public TimeSpan? MinFresh { get; init; }

    /// <summary>The greatest staleness that the client accepts; <see cref="TimeSpan.MaxValue"/> if the client gave no number.</summary>
    public TimeSpan? MaxStale { get; init; }

    /// <summary>
    /// The time for which the response may be served after its freshness has ended, while it is being refreshed (RFC 5861 §3).
    /// </summary>
    public TimeSpan? StaleWhileRevalidate { get; init; }

    /// <summary>
    /// The time for which the response may be served in place of an error after its freshness has ended (RFC 5861 §4).
    /// </summary>
    public TimeSpan? StaleIfError { get; init; }
}
