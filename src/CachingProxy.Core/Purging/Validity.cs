namespace CachingProxy.Core.Purging;

/// <summary>The verdict of the invalidation log on a response that was fetched at a position.</summary>
internal enum Validity
{
    /// <summary>No purge since matches the response.</summary>
    Current,

    /// <summary>A soft purge since matches the response: it is stale.</summary>
    Stale,

    /// <summary>A purge since matches the response, or the log cannot tell any more.</summary>
    Gone,
}
