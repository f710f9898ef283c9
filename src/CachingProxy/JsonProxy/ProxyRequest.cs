using CachingProxy.AspNetCore;
using CachingProxy.AspNetCore.Gate;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.JsonProxy;

/// <summary>
/// A request of the JSON facade. Only those fields of the client go upstream that say what it accepts (<c>Accept</c>,
/// <c>Accept-Language</c>) or sends (<c>Content-Type</c>). HEAD is fetched as GET, because the length of the envelope is known only after
/// the envelope is made.
/// </summary>
internal sealed class ProxyRequest(Exchange exchange, CacheFace face, CacheKey key, string via, ClientLimits limits)
    : CacheRequest(face, exchange.Method == "HEAD" ? "GET" : exchange.Method, key, new CachePartition(face.PartitionName, "", "")),
        IFields
{
    private static readonly string[] Visible = ["Accept", "Accept-Language"];

    /// <summary>Tells whether the cache and the upstream see a field of the client.</summary>
    public static bool IsVisible(string name) => Visible.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public override IFields Fields => this;

    /// <inheritdoc/>
    public override bool IsLimited => limits.AreSet;

    /// <inheritdoc/>
    public override ValueTask<OriginException?> AdmitAsync(bool needsOrigin) => limits.AdmitAsync(exchange, needsOrigin);

    /// <inheritdoc/>
    public override bool HasContent => exchange.HasContent;

    /// <summary>
    /// The cache sees only the fields that the upstream sees, so that no other field of the client can affect a shared response.
    /// </summary>
    public StringValues this[string name] => IsVisible(name) ? exchange.RequestHeaders[name] : StringValues.Empty;

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
            new("traceparent", exchange.TraceParent),
        };
        CopyTo(fields);
        if (HasContent && exchange.RequestHeaders.ContentType is { Count: > 0 } contentType)
        {
            fields.Add(new("Content-Type", contentType));
        }

        return new OriginRequest(Method, Key, ViaField.Append(new FieldList(fields), exchange.Protocol, via))
        {
            Content = HasContent ? exchange.Content : null,
            ContentLength = exchange.RequestHeaders.ContentLength,
        };
    }
}
