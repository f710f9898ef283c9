using CachingProxy.Core.Keys;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Admin;

/// <summary>A request that nobody has made: what would become of it is asked.</summary>
internal sealed class ExplainedRequest(CacheFace face, string method, CacheKey key, CachePartition partition, FieldList fields)
    : CacheRequest(face, method, key, partition)
{
    /// <inheritdoc/>
    public override IFields Fields => fields;

    /// <inheritdoc/>
    public override bool HasContent => false;

    /// <inheritdoc/>
    public override OriginRequest CreateOriginRequest() => new(Method, Key, fields);
}
