using CachingProxy.Core.Keys;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Messages;

/// <summary>
/// A request on its way into the engine. A face makes one for each request it receives; the engine reads its fields
/// only while the client is there, and asks for <see cref="CreateOriginRequest"/> before it lets go of it.
/// </summary>
public abstract class CacheRequest
{
    /// <summary>Names a request by its face, method and key.</summary>
    protected CacheRequest(CacheFace face, string method, CacheKey key, CachePartition partition)
    {
        Face = face;
        Method = method;
        Key = key;
        Partition = partition;
    }

    /// <summary>The face that the request came in by.</summary>
    public CacheFace Face { get; }

    /// <summary>The method, case-sensitive (RFC 9110 §9.1).</summary>
    public string Method { get; }

    /// <summary>The upstream URI that is asked for.</summary>
    public CacheKey Key { get; }

    /// <summary>Names the requests that may share the answer.</summary>
    public CachePartition Partition { get; }

    /// <summary>The fields that the client sent and that the cache may look at.</summary>
    public abstract IFields Fields { get; }

    /// <summary>
    /// The fields as the origin sees them, by which a variant is selected (RFC 9111 §4.1): what is removed or set on the way there must
    /// not make a difference, or make one as it was set. Without content, they stay readable after the client has gone.
    /// </summary>
    public virtual IFields SelectingFields => Fields;

    /// <summary>Tells whether the request announces content.</summary>
    public abstract bool HasContent { get; }

    /// <summary>
    /// The request as it goes upstream: end-to-end fields of this face's policy, and the content if there is any.
    /// Without content it does not refer to the client's connection any more.
    /// </summary>
    public abstract OriginRequest CreateOriginRequest();

    /// <summary>
    /// Takes the interim responses (1xx) that come before the response; null where the client can have none. It is called
    /// from any thread, one call at a time, and no more once the response is there.
    /// </summary>
    public virtual Action<InterimResponse>? OnInterim => null;

    /// <summary>
    /// Returns the upstream URIs that an absolute reference means, where it names this server as the client did: an origin that is told by
    /// which name it was asked may answer with that. None where the reference names another server.
    /// </summary>
    /// <param name="reference">An absolute http or https URI.</param>
    public virtual IEnumerable<CacheKey> ResolveClientReference(Uri reference) => [];

    /// <summary>Tells whether the method is GET.</summary>
    internal bool IsGet => Method == "GET";

    /// <summary>Tells whether the method is HEAD, which a stored GET answers.</summary>
    internal bool IsHead => Method == "HEAD";

    /// <summary>Tells whether the request is a QUERY of which the face knows the content.</summary>
    internal bool IsKeyedQuery => Partition.Query is not null;

    /// <summary>Tells whether the request selects a variant (RFC 9111 §4.1); where there is but one, no field is looked at.</summary>
    internal bool Selects(VariantKey variant) => variant.IsForAll || variant.Matches(SelectingFields);

    /// <summary>Tells whether a part of the representation is asked for.</summary>
    internal bool HasRange => IsGet && Fields["Range"].Count > 0;
}
