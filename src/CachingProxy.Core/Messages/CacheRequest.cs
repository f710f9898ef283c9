using CachingProxy.Core.Keys;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Messages;

/// <summary>
/// A request on its way into the engine. A face makes one for each request it receives; the engine reads the fields, and calls <see
/// cref="CreateOriginRequest"/>, only while the client is connected.
/// </summary>
public abstract class CacheRequest
{
    /// <summary>Creates a request with its face, method, key and partition.</summary>
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

    /// <summary>The partition: only requests of the same partition may share an answer.</summary>
    public CachePartition Partition { get; }

    /// <summary>The fields that the client sent and that the cache may look at.</summary>
    public abstract IFields Fields { get; }

    /// <summary>
    /// The fields as the origin sees them, by which a variant is selected (RFC 9111 §4.1). A field that is removed on the way to the origin
    /// must make no difference. A field that is set on the way has the value that is set. While the client is connected, the engine copies
    /// these fields for later use.
    /// </summary>
    public virtual IFields SelectingFields => Fields;

    /// <summary>Tells whether the request announces content.</summary>
    public abstract bool HasContent { get; }

    /// <summary>
    /// Creates the request as it goes upstream: the end-to-end fields under this face's policy, and the content, if any. A request without
    /// content does not refer to the client's connection.
    /// </summary>
    public abstract OriginRequest CreateOriginRequest();

    /// <summary>
    /// The receiver of the interim responses (1xx) that come before the response; null if the client cannot receive any. It is called from
    /// any thread, one call at a time, and never after the response has arrived.
    /// </summary>
    public virtual Action<InterimResponse>? OnInterim => null;

    /// <summary>
    /// Returns the upstream URIs for an absolute reference whose host is the one by which the client addressed this server. Returns none
    /// for a reference to another server. An origin that receives the client's host may use it in the references of its responses.
    /// </summary>
    /// <param name="reference">An absolute http or https URI.</param>
    public virtual IEnumerable<CacheKey> ResolveClientReference(Uri reference) => [];

    /// <summary>Tells whether the client has limits, so that <see cref="AdmitAsync"/> must be called.</summary>
    public virtual bool IsLimited => false;

    /// <summary>
    /// Counts the request against the limits of its client, once it is known whether the origin must be asked for it. Returns the failure
    /// for a request that exceeds a limit. Returns null if the request may go on.
    /// </summary>
    /// <param name="needsOrigin">Whether the origin must be asked.</param>
    public virtual ValueTask<OriginException?> AdmitAsync(bool needsOrigin) => default;

    /// <summary>Tells whether the method is GET.</summary>
    internal bool IsGet => Method == "GET";

    /// <summary>Tells whether the method is HEAD, which a stored GET answers.</summary>
    internal bool IsHead => Method == "HEAD";

    /// <summary>Tells whether the request is a QUERY whose content the face knows.</summary>
    internal bool IsKeyedQuery => Partition.Query is not null;

    /// <summary>
    /// Tells whether the request selects a variant (RFC 9111 §4.1). A variant that is for all requests is selected without a look at the
    /// fields.
    /// </summary>
    internal bool Selects(VariantKey variant) => variant.IsForAll || variant.Matches(SelectingFields);

    /// <summary>Tells whether a part of the representation is asked for.</summary>
    internal bool HasRange => IsGet && Fields["Range"].Count > 0;
}
