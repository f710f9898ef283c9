namespace CachingProxy.Core.Inspection;

/// <summary>An answer to the question what the engine would do with a request now, and why. Nothing of it is done.</summary>
public sealed record Explanation
{
    /// <summary>The next step: <c>serve</c>, <c>revalidate</c>, <c>complete</c>, <c>fetch</c>, <c>forward</c> or <c>refuse</c>.</summary>
    public required string Decision { get; init; }

    /// <summary>Why: the token that <c>Cache-Status</c> would have before the origin has answered.</summary>
    public required string Reason { get; init; }

    /// <summary>The stored response that was selected for the request; null where none was.</summary>
    public EntryDescription? Entry { get; init; }

    /// <summary>The number of responses that are stored for the URI, on all faces and for all hosts and variants.</summary>
    public int Stored { get; init; }

    /// <summary>Tells whether the response may stand in for an error of the origin.</summary>
    public bool MayStandIn { get; init; }

    /// <summary>Tells whether a fetch is under way that the request would wait for.</summary>
    public bool IsBeingFetched { get; init; }

    /// <summary>
    /// Tells whether the last response could not be shared, so that the request would not wait for another request's fetch (hit-for-miss).
    /// </summary>
    public bool IsHitForMiss { get; init; }
}
