using CachingProxy.Core.Keys;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Messages;

/// <summary>A request as it goes to the origin.</summary>
/// <param name="Method">The method.</param>
/// <param name="Key">The URI.</param>
/// <param name="Fields">The end-to-end fields, those that the proxy adds included; no <c>Host</c>, no framing.</param>
public sealed record OriginRequest(string Method, CacheKey Key, FieldList Fields)
{
    /// <summary>The content, or null; a stream that is read once and at the origin's pace.</summary>
    public Stream? Content { get; init; }

    /// <summary>The number of bytes of the content, where the client said so.</summary>
    public long? ContentLength { get; init; }

    /// <summary>Tells whether the client waits with the content until the origin has asked for it (RFC 9110 §10.1.1).</summary>
    public bool ExpectsContinue { get; init; }

    /// <summary>The receiver of the interim responses that come before the response; null where nobody wants them.</summary>
    public Action<InterimResponse>? OnInterim { get; init; }

    /// <summary>Tells whether the client wants the connection to become a WebSocket (RFC 6455); a 101 is then an answer.</summary>
    public bool IsUpgrade { get; init; }

    /// <summary>
    /// Tells whether the request carries credentials of the client's own (<c>Authorization</c>, an API key): what the origin says of limits
    /// then is about this client, and holds nobody else.
    /// </summary>
    public bool IsOfOneUser { get; init; }

    /// <summary>The order among the requests that wait for their turn with the origin; before all others by default.</summary>
    public FetchPriority Priority { get; init; }
}
