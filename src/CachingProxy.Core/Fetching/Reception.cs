namespace CachingProxy.Core.Fetching;

/// <summary>The places where receiving content can stop.</summary>
internal enum Reception
{
    /// <summary>The end: all of the content was received and is kept.</summary>
    Whole,

    /// <summary>The body is larger than the largest that is stored.</summary>
    TooLarge,

    /// <summary>There is no room to keep the body while it grows.</summary>
    NoRoom,

    /// <summary>The body is too large for the memory; the second tier stores the rest as it comes.</summary>
    LeftToTier,
}
