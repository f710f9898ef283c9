namespace CachingProxy.Core.Fetching;

/// <summary>Where receiving content has stopped.</summary>
internal enum Reception
{
    /// <summary>At its end: all of it was received and is kept.</summary>
    Whole,

    /// <summary>It is larger than what is stored.</summary>
    TooLarge,

    /// <summary>There is no room to keep it while it grows.</summary>
    NoRoom,

    /// <summary>It is too much for the memory, and the tier behind it stores the rest as it comes.</summary>
    LeftToTier,
}
