namespace CachingProxy.Sqlite;

/// <summary>The beginning of a new file: empty, or in the place of one that was damaged while it was in use.</summary>
/// <param name="Epoch">Which log of purges it holds.</param>
/// <param name="Horizon">The number of the log before which it knows nothing: entries that are older are a miss.</param>
/// <param name="Secret">The secret that its users share; null for a new one.</param>
internal sealed record SqliteBeginning(long Epoch, long Horizon, byte[]? Secret)
{
    /// <summary>Returns the beginning of a file of which nothing is known.</summary>
    public static SqliteBeginning New() => new(Random.Shared.NextInt64(), 0, null);
}
