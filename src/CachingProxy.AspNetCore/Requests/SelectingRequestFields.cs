using CachingProxy.Core.Parsing;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.AspNetCore.Requests;

/// <summary>
/// The fields of a request as the origin sees them. Those that always get there as they came are read in place, for a hit asks for
/// few others; the rest is looked up in what is sent.
/// </summary>
internal sealed class SelectingRequestFields(ForwardedRequest request) : IFields
{
    /// <inheritdoc/>
    public StringValues this[string name] =>
        ForwardedFields.IsUntouched(name) && !request.OriginFields.Contains(name) ? request.Fields[name] : request.Forwarded[name];

    /// <inheritdoc/>
    public void CopyTo(ICollection<KeyValuePair<string, StringValues>> destination) => request.Forwarded.CopyTo(destination);
}
