using CachingProxy.Core.Keys;

namespace CachingProxy.AspNetCore.Gate;

/// <summary>The canonical target and host of a request that the guard let pass.</summary>
/// <param name="Target">Path and query in origin form, as received byte for byte, or <c>*</c>. All other code uses this target and no
/// other.</param>
/// <param name="Host">The host that the client named, normalised; <see cref="Nameless"/> where an HTTP/1.0 request names none.</param>
public readonly record struct GuardedRequest(string Target, string Host)
{
    /// <summary>
    /// Stands for the host of an HTTP/1.0 request that names none. Nobody can own this name (RFC 2606), so such requests have keys of their
    /// own.
    /// </summary>
    public const string Nameless = "http10.invalid";

    /// <summary>Tells whether the client named a host.</summary>
    public bool HasHost => Host != Nameless;

    /// <summary>
    /// Returns the host for the key. The origin gets the same host in <c>X-Forwarded-Host</c> if the response may be stored. All loopback
    /// names, with any port, become <c>localhost</c>: they are one machine, and a local proxy on another port finds the responses that this
    /// proxy stored.
    /// </summary>
    public string KeyHost => UriNormalization.WithoutPort(Host) is "localhost" or "127.0.0.1" or "[::1]" ? "localhost" : Host;

    /// <summary>The path, undecoded.</summary>
    public ReadOnlySpan<char> Path =>
        Target.IndexOf('?', StringComparison.Ordinal) is var query and >= 0 ? Target.AsSpan(0, query) : Target;
}
