namespace CachingProxy.Core.Decisions;

/// <summary>The reasons to send the whole, and not a range of it.</summary>
internal enum RangeIgnored
{
    /// <summary>The request has no <c>Range</c>, or its method is not GET.</summary>
    NotAsked,

    /// <summary>The field cannot be read, is of another unit, or has too many ranges.</summary>
    Unreadable,

    /// <summary>The condition of <c>If-Range</c> does not hold: the client has another representation.</summary>
    OtherRepresentation,

    /// <summary>The ranges overlap, so that more would be sent than there is.</summary>
    Overlapping,

    /// <summary>The stored response is not a 200, or its length is not known yet. Ranges are made only of a 200 of known length.</summary>
    Status,
}
