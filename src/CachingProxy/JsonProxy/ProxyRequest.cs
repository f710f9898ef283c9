using CachingProxy.AspNetCore.Gate;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.JsonProxy;

/// <summary>
/// A request of the JSON facade: of the client's fields, only those go upstream that say what it can read or sends. HEAD fetches as GET
/// does: how long the envelope would be is known only when it is made.
/// </summary>
internal sealed class ProxyRequest(HttpContext context, CacheFace face, CacheKey key, string via)
    : CacheRequest(
        face,
        context.Request.Method == "HEAD" ? "GET" : context.Request.Method,
        key,
        new CachePartition(face.PartitionName, "", "")
    ),
        IFields
{
    private static readonly string[] Visible = ["Accept", "Accept-Language"];

    /// <inheritdoc/>
    public override IFields Fields => this;

    /// <inheritdoc/>
    public override bool HasContent => context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? false;

    /// <summary>The cache sees what the upstream sees, so that nothing else of the client can be in what is shared.</summary>
    public StringValues this[string name] =>
        Visible.Contains(name, StringComparer.OrdinalIgnoreCase) ? context.Request.Headers[name] : StringValues.Empty;

    /// <inheritdoc/>
    public void CopyTo(ICollection<KeyValuePair<string, StringValues>> destination)
    {
        foreach (var name in Visible)
        {
            if (this[name] is { Count: > 0 } value)
            {
                destination.Add(new(name, value));
            }
        }
    }

    /// <inheritdoc/>
    public override OriginRequest CreateOriginRequest()
    {
        var fields = new List<KeyValuePair<string, StringValues>>
        {
            new("Accept-Encoding", "gzip, br"),
            new("User-Agent", ProductName.UserAgent),
        };
        CopyTo(fields);
        if (HasContent && context.Request.Headers.ContentType is { Count: > 0 } contentType)
        {
            fields.Add(new("Content-Type", contentType));
        }

        return new OriginRequest(Method, Key, ViaField.Append(new FieldList(fields), context.Request.Protocol, via))
        {
            Content = HasContent ? context.Request.Body : null,
            ContentLength = context.Request.ContentLength,
        };
    }
}
