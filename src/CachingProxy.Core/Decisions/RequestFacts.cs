using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Decisions;

/// <summary>What the rules want to know of a request, read once, so that a fill can decide after its client has gone.</summary>
internal sealed record RequestFacts(CacheControl Directives, bool HasAuthorization, bool HasCookie)
{
    public static RequestFacts Of(CacheRequest request) => new(
        RequestDirectives.Parse(request.Fields),
        request.Fields["Authorization"].Count > 0,
        request.Fields["Cookie"].Count > 0);
}
