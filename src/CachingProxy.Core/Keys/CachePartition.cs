namespace CachingProxy.Core.Keys;

/// <summary>
/// Keeps requests for the same upstream URI apart before any response is known: by the face, the name and the scheme that they use, and by
/// content that is part of the question. Entries of one partition never answer for another; a purge of the URI holds for all.
/// </summary>
/// <param name="Face">The face and its mode, and a hash of what is configured for it, for example
/// <c>forwarded/respect/0123456789abcdef</c>.</param>
/// <param name="ClientScheme">The scheme that the client used, which the origin is told as <c>X-Forwarded-Proto</c>; empty where it is told
/// nothing.</param>
/// <param name="ClientHost">The host that the client named, normalised, which the origin is told as <c>X-Forwarded-Host</c>; empty where it
/// is told nothing.</param>
public readonly record struct CachePartition(string Face, string ClientScheme, string ClientHost)
{
    /// <summary>
    /// A digest of the content of a QUERY and of what describes it (RFC 10008); null for every other request.
    /// </summary>
    public string? Query { get; init; }
}
