namespace CachingProxy.Core.Telemetry;

/// <summary>One purge that holds on this node.</summary>
public readonly struct PurgeEvent
{
    /// <summary>The kind of the purge: <c>all</c>, <c>url</c>, <c>prefix</c>, <c>path</c> or <c>tag</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Tells whether the entries that match became stale instead of gone.</summary>
    public required bool IsSoft { get; init; }

    /// <summary>Tells whether the purge is written down for other nodes; true where there are none.</summary>
    public required bool IsPropagated { get; init; }
}
