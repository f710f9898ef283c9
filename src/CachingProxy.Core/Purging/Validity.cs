namespace CachingProxy.Core.Purging;

/// <summary>The verdict of the invalidation log on a response that was fetched at a position.</summary>
internal enum Validity
{
    /// <summary>No purge after the position matches the response.</summary>
    Current,

    /// <summary>A soft purge after the position matches the response, which is stale.</summary>
    Stale,

    /// <summary>A hard purge after the position matches the response, or the log does not cover the position.</summary>
    Gone,
}
