namespace CachingProxy.Sqlite;

/// <summary>The bounds of a SQLite file.</summary>
public sealed class SqliteStoreOptions
{
    /// <summary>
    /// The file. It is made where it is not there; beside it stand those of SQLite (<c>-wal</c>, <c>-shm</c>) and a lock.
    /// </summary>
    public required string Path
    {
        get;
        init
        {
            ArgumentException.ThrowIfNullOrEmpty(value);
            field = value;
        }
    }

    /// <summary>
    /// How much it holds: heads and bodies together, in bytes; 1 GiB by default, 1 MiB or more. At the limit those that were used
    /// the longest time ago make room. The file is somewhat larger, and its write-ahead log up to 8 MiB.
    /// </summary>
    public long MaxBytes
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1 << 20);
            field = value;
        }
    } = 1L << 30;

    /// <summary>
    /// The most bytes that may wait to be written: 64 MiB by default. Content beyond this bound is not written but counted; no request
    /// waits.
    /// </summary>
    public long MaxQueuedBytes
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = 64L << 20;
}
