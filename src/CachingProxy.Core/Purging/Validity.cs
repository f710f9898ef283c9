namespace CachingProxy.Core.Purging;

/// <summary>The verdict of the invalidation log on a response that was fetched at a position.</summary>
internal enum Validity
{
    /// <summary>No purge since matches the response.</summary>
    Current,

    /// <summary>Something that matches it was purged softly since: it is stale.</summary>
    Stale,

    /// <summary>Something that matches it was purged since, or nobody can tell any more.</summary>
    Gone,
}
