using CachingProxy.Core.Parsing;
using CachingProxy.Http.Upstream;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.AspNetCore.Requests;

/// <summary>The fields of a request that the server holds, read in place.</summary>
/// <param name="headers">The fields as the server holds them.</param>
/// <param name="hidesCookies">True if cookies are hidden from the cache.</param>
/// <param name="originFields">The fields sent in place of the client's own. A credential of the client that they replace is hidden
/// too.</param>
internal sealed class HttpRequestFields(IHeaderDictionary headers, bool hidesCookies, OriginFields originFields) : IFields
{
    /// <inheritdoc/>
    public StringValues this[string name] => IsHidden(name) ? StringValues.Empty : headers[name];

    /// <inheritdoc/>
    public void CopyTo(ICollection<KeyValuePair<string, StringValues>> destination)
    {
        foreach (var field in headers)
        {
            if (!IsHidden(field.Key))
            {
                destination.Add(field);
            }
        }
    }

    private bool IsHidden(string name) =>
        (hidesCookies && name.Equals("Cookie", StringComparison.OrdinalIgnoreCase)) || originFields.HidesCredential(name);
}
