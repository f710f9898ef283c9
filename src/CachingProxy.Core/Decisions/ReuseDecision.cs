using CachingProxy.Core.Storing;

namespace CachingProxy.Core.Decisions;

/// <summary>What is to be done with a request: a closed set, each with what the next step needs.</summary>
internal abstract record ReuseDecision
{
    private ReuseDecision()
    {
    }

    /// <summary>The stored response answers the request.</summary>
    public sealed record Serve(CacheEntry Entry, TimeSpan Age) : ReuseDecision;

    /// <summary>The stored response may answer after the origin has confirmed it (RFC 9111 §4.3).</summary>
    public sealed record Revalidate(CacheEntry Entry, ForwardReason Reason) : ReuseDecision;

    /// <summary>A response is fetched, for this request and for others like it.</summary>
    public sealed record Fetch(ForwardReason Reason) : ReuseDecision;

    /// <summary>The request is passed on as it is and has its response for itself.</summary>
    public sealed record Forward(ForwardReason Reason) : ReuseDecision;

    /// <summary>Only a stored response would do, and there is none (RFC 9111 §5.2.1.7).</summary>
    public sealed record GatewayTimeout(ForwardReason Reason) : ReuseDecision;
}
