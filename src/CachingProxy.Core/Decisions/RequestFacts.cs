using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Decisions;

/// <summary>What the rules want to know of a request, read once, so that a fill can decide after its client has gone.</summary>
internal sealed record RequestFacts(string Method, CacheControl Directives, bool HasAuthorization, bool HasCookie, bool HasRange)
{
    public static RequestFacts Of(CacheRequest request) => new(
        request.Method,
        RequestDirectives.Parse(request.Fields),
        request.Fields["Authorization"].Count > 0,
        request.Fields["Cookie"].Count > 0,
        request.Fields["Range"].Count > 0);
}
