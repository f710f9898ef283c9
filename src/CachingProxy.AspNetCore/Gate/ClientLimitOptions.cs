using CachingProxy.Core.Limits;

namespace CachingProxy.AspNetCore.Gate;

/// <summary>The limits of clients, and who counts as one client.</summary>
public sealed class ClientLimitOptions
{
    /// <summary>The limits; none by default, so that nothing is counted.</summary>
    public IReadOnlyList<RateLimit> Limits { get; init; } = [];

    /// <summary>
    /// The request field that names a client; null by default: the client's address does, for IPv6 its first 64 bits. A request without the
    /// field is counted by its address.
    /// </summary>
    public string? Field { get; init; }

    /// <summary>Tells whether requests count that the cache answers by itself. On by default.</summary>
    public bool CountsHits { get; init; } = true;
}
