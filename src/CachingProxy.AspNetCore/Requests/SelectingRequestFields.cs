using CachingProxy.Core.Parsing;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.AspNetCore.Requests;

/// <summary>
/// The fields of a request as the origin sees them. Fields that are always forwarded unchanged are read from the client's request. All
/// others are read from the forwarded fields, which are made only when they are needed; a hit seldom needs them.
/// </summary>
internal sealed class SelectingRequestFields(ForwardedRequest request) : IFields
{
    /// <inheritdoc/>
    public StringValues this[string name] =>
        ForwardedFields.IsUntouched(name) && !request.OriginFields.Contains(name) ? request.Fields[name] : request.Forwarded[name];

    /// <inheritdoc/>
    public void CopyTo(ICollection<KeyValuePair<string, StringValues>> destination) => request.Forwarded.CopyTo(destination);
}
