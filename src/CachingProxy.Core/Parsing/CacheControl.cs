namespace CachingProxy.Core.Parsing;

/// <summary>
/// The directives of a <c>Cache-Control</c> field, of a request or of a response (RFC 9111 §5.2, RFC 5861, RFC 8246).
/// Of a directive that is there twice the more restrictive counts; an argument that cannot be read counts as zero, for
/// what is not understood must not make anything fresher (RFC 9111 §4.2.1).
/// </summary>
internal sealed record CacheControl
{
    /// <summary>The field is absent, or holds nothing that is known here.</summary>
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

    public bool OnlyIfCached { get; init; }

    public TimeSpan? MaxAge { get; init; }

    public TimeSpan? SharedMaxAge { get; init; }

    public TimeSpan? MinFresh { get; init; }

    /// <summary>How stale a response the client takes; <see cref="TimeSpan.MaxValue"/> where it gave no number.</summary>
    public TimeSpan? MaxStale { get; init; }
}
