namespace CachingProxy.Core.Keys;

/// <summary>
/// Keeps requests for the same upstream URI apart before any response is known: by the face, by the scheme and host that the client used,
/// and by the content of a QUERY. An entry never answers a request of another partition. A purge of the URI applies to all partitions.
/// </summary>
/// <param name="Face">The face and its mode, and a hash of what is configured for it, for example
/// <c>forwarded/respect/0123456789abcdef</c>.</param>
/// <param name="ClientScheme">The scheme that the client used, which is sent to the origin as <c>X-Forwarded-Proto</c>; empty where the
/// origin gets no such field.</param>
/// <param name="ClientHost">The host that the client named, normalised, which is sent to the origin as <c>X-Forwarded-Host</c>; empty where
/// the origin gets no such field.</param>
public readonly record struct CachePartition(string Face, string ClientScheme, string ClientHost)
{
    /// <summary>
    /// A digest of the content of a QUERY and of the fields that describe that content (RFC 10008); null for every other request.
    /// </summary>
    public string? Query { get; init; }
}
