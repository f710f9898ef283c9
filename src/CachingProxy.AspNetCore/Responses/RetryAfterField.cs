using CachingProxy.Core.Messages;
using Microsoft.AspNetCore.Http;

namespace CachingProxy.AspNetCore.Responses;

/// <summary>RFC 9110 §10.2.3: <c>Retry-After</c>, where we know when it is worth while to ask again.</summary>
public static class RetryAfterField
{
    /// <summary>Writes the delay in whole seconds, rounded up: a client that obeys it does not come too early.</summary>
    public static void Write(IHeaderDictionary headers, OriginException failure)
    {
        ArgumentNullException.ThrowIfNull(headers);
        ArgumentNullException.ThrowIfNull(failure);
        if (failure.RetryAfter is { } wait)
        {
            headers.RetryAfter = WholeSeconds.ToText(TimeSpan.FromSeconds(Math.Ceiling(wait.TotalSeconds)));
        }
    }
}
