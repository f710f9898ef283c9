using CachingProxy.Core.Fetching;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.AspNetCore;

/// <summary>Adds the configured fields (an API key, say) to requests for one origin, and to no other.</summary>
public sealed class OriginWithFields(IOrigin inner, string authority, IReadOnlyList<KeyValuePair<string, StringValues>> fields) : IOrigin
{
    /// <inheritdoc/>
    public ValueTask<OriginResponse> SendAsync(OriginRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Key.Authority == authority && fields.Count > 0)
        {
            var names = fields.Select(field => field.Key).ToHashSet(StringComparer.OrdinalIgnoreCase);
            request = request with { Fields = new([.. request.Fields.Without(names.Contains), .. fields]) };
        }

        return inner.SendAsync(request, cancellation);
    }
}
