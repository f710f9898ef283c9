namespace CachingProxy.Core.Stores.Memory;

/// <summary>The bounds of the memory store.</summary>
public sealed class MemoryStoreOptions
{
    /// <summary>
    /// The largest number of bytes that the store holds: bodies, heads and bookkeeping together; 256 MiB by default, 0 or more. At the
    /// limit the store removes the entries that are least worth keeping. An entry that is larger than the limit is not stored.
    /// </summary>
    public long MaxBytes
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    } = 256L << 20;
}
