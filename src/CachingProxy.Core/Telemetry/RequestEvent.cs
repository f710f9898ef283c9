using System.Net;
using CachingProxy.Core.Keys;

namespace CachingProxy.Core.Telemetry;

/// <summary>One request that was answered, or that nobody waits for any more. Texts are as received, and may be hostile.</summary>
public readonly struct RequestEvent
{
    /// <summary>The moment when the request was received, by the wall clock.</summary>
    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>The method.</summary>
    public required string Method { get; init; }

    /// <summary>The request target, byte for byte as received. Its query may contain secrets.</summary>
    public required string Target { get; init; }

    /// <summary>The protocol, such as <c>HTTP/1.1</c>.</summary>
    public required string Protocol { get; init; }

    /// <summary>The field <c>Host</c>; null where there is none.</summary>
    public string? Host { get; init; }

    /// <summary>The client's address; null where the connection has none.</summary>
    public IPAddress? Client { get; init; }

    /// <summary>The field <c>User-Agent</c>; null where there is none.</summary>
    public string? UserAgent { get; init; }

    /// <summary>The field <c>Referer</c>; null where there is none. Its query may contain secrets.</summary>
    public string? Referer { get; init; }

    /// <summary>The trace that the request belongs to, 32 hexadecimal digits; null where there is none.</summary>
    public string? TraceId { get; init; }

    /// <summary>True if the client named the trace, or a span records it; false if the trace was made for the origin alone.</summary>
    public bool IsTraced { get; init; }

    /// <summary>The status code of the response; 499 if the client had gone before there was a response.</summary>
    public required int Status { get; init; }

    /// <summary>The name of the face that answered (<c>forwarded</c>, <c>proxy</c>); null where none did.</summary>
    public string? Face { get; init; }

    /// <summary>The upstream URI that was asked for; null where no face answered.</summary>
    public CacheKey? Key { get; init; }

    /// <summary>Tells how the request was answered.</summary>
    public required RequestOutcome Outcome { get; init; }

    /// <summary>
    /// The reason for the outcome: one token, the same as in <c>Cache-Status</c>, or the code of the error. docs/reasons.md explains each
    /// reason.
    /// </summary>
    public required string Reason { get; init; }

    /// <summary>Tells whether the response was stored.</summary>
    public bool IsStored { get; init; }

    /// <summary>The current age of a stored response; null for a response that was not stored before.</summary>
    public TimeSpan? Age { get; init; }

    /// <summary>The freshness lifetime that is left, negative when stale; null where no response was stored.</summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>The bytes of content that were sent to the client.</summary>
    public long Bytes { get; init; }

    /// <summary>The time from the head of the request to the end of the response.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>The time until the head of the response was ready; the whole duration if no face answered.</summary>
    public TimeSpan TimeToHead { get; init; }

    /// <summary>The time that the request waited for another request's fetch; zero where it did not.</summary>
    public TimeSpan Waited { get; init; }

    /// <summary>Tells whether the client left before the response was complete.</summary>
    public bool IsClientGone { get; init; }
}
