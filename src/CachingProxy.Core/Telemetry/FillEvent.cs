using CachingProxy.Core.Keys;
using CachingProxy.Core.Messages;

namespace CachingProxy.Core.Telemetry;

/// <summary>One fill that has ended.</summary>
public readonly struct FillEvent
{
    /// <summary>The upstream URI.</summary>
    public required CacheKey Key { get; init; }

    /// <summary>The kind of the fill: what it asked the origin for.</summary>
    public required FillKind Kind { get; init; }

    /// <summary>Tells how the fill ended.</summary>
    public required FillResult Result { get; init; }

    /// <summary>The reason why the response was not stored, or the code of the failure; otherwise <c>ok</c>.</summary>
    public required string Reason { get; init; }

    /// <summary>The failure; null where there was none.</summary>
    public OriginError? Failure { get; init; }

    /// <summary>The bytes of content that the fill received. A response that is not stored is counted with its one client.</summary>
    public long Bytes { get; init; }

    /// <summary>The time from the beginning of the fill to its end.</summary>
    public TimeSpan Duration { get; init; }
}
