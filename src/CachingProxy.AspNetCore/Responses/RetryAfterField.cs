using CachingProxy.Core.Messages;
using Microsoft.AspNetCore.Http;

namespace CachingProxy.AspNetCore.Responses;

/// <summary>The <c>Retry-After</c> field (RFC 9110 §10.2.3), sent where we know when a retry is worthwhile.</summary>
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
