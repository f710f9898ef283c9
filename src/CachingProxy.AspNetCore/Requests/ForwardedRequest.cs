using CachingProxy.Core;
using CachingProxy.Core.Fetching;
using CachingProxy.Core.Keys;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace CachingProxy.AspNetCore.Requests;

/// <summary>A request that goes to the origin under the client's own path: the face of the reverse proxy.</summary>
internal sealed class ForwardedRequest : CacheRequest
{
    private readonly HttpContext _context;
    private readonly GuardedRequest _guarded;
    private readonly string _via;

    public ForwardedRequest(HttpContext context, GuardedRequest guarded, CacheFace face, CacheKey key, string via)
        : base(face, context.Request.Method, key, new CachePartition(face.Name, context.Request.Scheme, guarded.Host))
    {
        _context = context;
        _guarded = guarded;
        _via = via;
        Fields = new HttpRequestFields(context.Request.Headers, face.Policy.StripCookies);
    }

    /// <inheritdoc/>
    public override IFields Fields { get; }

    /// <inheritdoc/>
    public override bool HasContent => _context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? false;

    /// <inheritdoc/>
    public override OriginRequest CreateOriginRequest() =>
        new(Method, Key, ForwardedFields.Of(_context, _guarded, Face.Policy.StripCookies, _via))
        {
            Content = HasContent ? _context.Request.Body : null,
            ContentLength = _context.Request.ContentLength,
        };
}
