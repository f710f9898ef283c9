using CachingProxy.Core.Messages;
using Microsoft.AspNetCore.Http;

namespace CachingProxy.AspNetCore.Responses;

/// <summary>RFC 9110 §10.2.3: <c>Retry-After</c>, where we know when it is worth while to ask again.</summary>
public static class RetryAfterField
{
    /// <summary>Says it in whole seconds, rounded up: who comes at that time does not come too early.</summary>
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
