namespace CachingProxy.Core.Telemetry;

/// <summary>Kinds of fills, by what they ask the origin for.</summary>
public enum FillKind
{
    /// <summary>A response that the store does not have.</summary>
    Fetch,

    /// <summary>The confirmation of a stored response (RFC 9111 §4.3).</summary>
    Validate,

    /// <summary>A stored response anew, while it is still being served.</summary>
    Refresh,

    /// <summary>The bytes that a stored part lacks (RFC 9111 §3.4).</summary>
    Complete,

    /// <summary>Nothing: the response to an unsafe request is stored as the new state of its target.</summary>
    Receive,
}
