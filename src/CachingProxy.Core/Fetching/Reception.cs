namespace CachingProxy.Core.Fetching;

/// <summary>The reasons why receiving content stops.</summary>
internal enum Reception
{
    /// <summary>The end: all of the content was received and is kept.</summary>
    Whole,

    /// <summary>The body is larger than the largest that is stored.</summary>
    TooLarge,

    /// <summary>There is no room to keep the body while it grows.</summary>
    NoRoom,

    /// <summary>The memory cannot keep the body; the second tier stores it as it arrives.</summary>
    LeftToTier,
}
