namespace CachingProxy.Sqlite;

/// <summary>The path and the bounds of a SQLite file.</summary>
public sealed class SqliteStoreOptions
{
    /// <summary>
    /// The path of the file, which is made if it does not exist. SQLite makes files beside it (<c>-wal</c>, <c>-shm</c>), and the proxy
    /// makes a lock (<c>.lock</c>).
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
    /// The largest number of bytes of heads and bodies together: 1 GiB by default, 1 MiB or more. At the limit, the entries that were not
    /// used for the longest time are removed. The file is somewhat larger, and its write-ahead log takes up to 8 MiB.
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
    /// The largest number of bytes that may wait to be written: 64 MiB by default. Content beyond this bound is not written but counted; no
    /// request waits.
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

    /// <summary>
    /// The time that an entry is kept after it is no longer worth keeping by itself, because a policy permits to serve it stale: 0 by
    /// default, 0 or more.
    /// </summary>
    public TimeSpan StaleRetention
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            field = value;
        }
    }
}
