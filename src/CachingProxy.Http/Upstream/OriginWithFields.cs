using CachingProxy.Core.Messages;

namespace CachingProxy.Http.Upstream;

/// <summary>Adds the configured fields (an API key, say) to requests for one origin, and to no other.</summary>
public sealed class OriginWithFields(IOrigin inner, string authority, OriginFields fields) : IOrigin
{
    /// <inheritdoc/>
    public ValueTask<OriginResponse> SendAsync(OriginRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        return inner.SendAsync(
            request.Key.Authority == authority ? request with { Fields = fields.ApplyTo(request.Fields) } : request,
            cancellation
        );
    }
}
