using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;

namespace CachingProxy.Core.Decisions;

/// <summary>The next step for a request. The nested records are its only cases, and each holds everything that its step needs.</summary>
internal abstract record ReuseDecision
{
    private ReuseDecision() { }

    /// <summary>
    /// The stored response answers the request. With <see cref="HitReason.StaleWhileRevalidate"/> or <see cref="HitReason.EarlyRefresh"/>,
    /// it is also refreshed in the background unless the request is a HEAD (RFC 5861 §3).
    /// </summary>
    public sealed record Serve(CacheEntry Entry, TimeSpan Age, HitReason Reason) : ReuseDecision;

    /// <summary>The stored response may answer after the origin has confirmed it (RFC 9111 §4.3).</summary>
    /// <param name="Entry">The stored response.</param>
    /// <param name="Reason">The reason why the stored response may not answer as it is.</param>
    /// <param name="StandIn">The stored response, if it may answer in the place of an error (RFC 5861 §4).</param>
    public sealed record Revalidate(CacheEntry Entry, ForwardReason Reason, CacheEntry? StandIn) : ReuseDecision;

    /// <summary>The stored part answers the request together with its missing bytes, which are fetched (RFC 9111 §3.4).</summary>
    public sealed record Complete(CacheEntry Part, MissingPart Missing) : ReuseDecision;

    /// <summary>Fetch a response, for this request and for others like it.</summary>
    /// <param name="Reason">The reason why no stored response may answer.</param>
    /// <param name="StandIn">The stored response that may answer in the place of an error; null where none may.</param>
    public sealed record Fetch(ForwardReason Reason, CacheEntry? StandIn) : ReuseDecision;

    /// <summary>Pass the request on as it is. Its response answers no other request.</summary>
    public sealed record Forward(ForwardReason Reason) : ReuseDecision;

    /// <summary>The client accepts only a stored response, and none may answer (<c>only-if-cached</c>, RFC 9111 §5.2.1.7).</summary>
    public sealed record GatewayTimeout(ForwardReason Reason) : ReuseDecision;
}
