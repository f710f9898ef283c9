namespace CachingProxy.Core.Fetching;

/// <summary>Where receiving content has stopped.</summary>
internal enum Reception
{
    /// <summary>At its end: all of it was received and is kept.</summary>
    Whole,

    /// <summary>The body is larger than the largest that is stored.</summary>
    TooLarge,

    /// <summary>There is no room to keep it while it grows.</summary>
    NoRoom,

    /// <summary>The body is too large for the memory; the second tier stores the rest as it comes.</summary>
    LeftToTier,
}
