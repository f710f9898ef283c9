namespace CachingProxy.Core.Stores.Memory;

/// <summary>The bounds of the memory store.</summary>
public sealed class MemoryStoreOptions
{
    /// <summary>
    /// How much it holds: bodies, heads and bookkeeping together, in bytes; 256 MiB by default, 0 or more. At the limit
    /// the entries that are least worth keeping make room; one that is larger than the whole is not stored.
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
