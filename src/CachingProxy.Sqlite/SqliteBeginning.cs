namespace CachingProxy.Sqlite;

/// <summary>
/// The values that a new file begins with. A file that replaces one damaged in use keeps the epoch and the secret of the damaged file.
/// </summary>
/// <param name="Epoch">The epoch of the log of purges that the file holds.</param>
/// <param name="Horizon">The number in the log below which purges are forgotten: an entry fetched before it is a miss.</param>
/// <param name="Secret">The secret to keep in the file; null for a new secret.</param>
internal sealed record SqliteBeginning(long Epoch, long Horizon, byte[]? Secret)
{
    /// <summary>Returns the values for a file that continues no other: a new epoch and a new secret.</summary>
    public static SqliteBeginning New() => new(Random.Shared.NextInt64(), 0, null);
}
