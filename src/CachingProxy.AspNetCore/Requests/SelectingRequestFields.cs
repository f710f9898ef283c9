using CachingProxy.Core;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.AspNetCore.Requests;

/// <summary>
/// The fields of a request as the origin sees them. Those that always get there as they came are read in place, for a hit asks for
/// few others; the rest is looked up in what is sent.
/// </summary>
internal sealed class SelectingRequestFields(IFields received, Func<FieldList> forwarded) : IFields
{
    /// <inheritdoc/>
    public StringValues this[string name] => ForwardedFields.IsUntouched(name) ? received[name] : forwarded()[name];

    /// <inheritdoc/>
    public void CopyTo(ICollection<KeyValuePair<string, StringValues>> destination) => forwarded().CopyTo(destination);
}
