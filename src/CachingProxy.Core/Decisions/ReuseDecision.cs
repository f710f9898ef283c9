using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;

namespace CachingProxy.Core.Decisions;

/// <summary>The next step for a request: a closed set, each with everything that the step needs.</summary>
internal abstract record ReuseDecision
{
    private ReuseDecision() { }

    /// <summary>
    /// The stored response answers the request; if it is stale because it is to be refreshed, that is done beside it (RFC 5861 §3).
    /// </summary>
    public sealed record Serve(CacheEntry Entry, TimeSpan Age, HitReason Reason) : ReuseDecision;

    /// <summary>The stored response may answer after the origin has confirmed it (RFC 9111 §4.3).</summary>
    /// <param name="Entry">The stored response.</param>
    /// <param name="Reason">Why it may not answer as it is.</param>
    /// <param name="StandIn">The stored response, if it may answer in the place of an error (RFC 5861 §4).</param>
    public sealed record Revalidate(CacheEntry Entry, ForwardReason Reason, CacheEntry? StandIn) : ReuseDecision;

    /// <summary>The stored part answers the request together with what is missing of it (RFC 9111 §3.4).</summary>
    public sealed record Complete(CacheEntry Part, MissingPart Missing) : ReuseDecision;

    /// <summary>Fetch a response, for this request and for others like it.</summary>
    /// <param name="Reason">Why nothing that is stored may answer.</param>
    /// <param name="StandIn">What may answer in the place of an error.</param>
    public sealed record Fetch(ForwardReason Reason, CacheEntry? StandIn) : ReuseDecision;

    /// <summary>Pass the request on as it is; its response is for itself.</summary>
    public sealed record Forward(ForwardReason Reason) : ReuseDecision;

    /// <summary>Only a stored response would do, and there is none (RFC 9111 §5.2.1.7).</summary>
    public sealed record GatewayTimeout(ForwardReason Reason) : ReuseDecision;
}
