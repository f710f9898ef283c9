using CachingProxy.Configuration;

namespace CachingProxy.Serving;

/// <summary>
/// The memory that this process may have, by the limit of its container or heap, and its shares: half for what is stored, an eighth for
/// bodies that arrive, an eighth for <c>/proxy</c>, the rest for everything else.
/// </summary>
/// <param name="Bytes">The number of bytes that the process may have.</param>
internal sealed record MemoryLimit(long Bytes)
{
    // Bodies that arrive need no more than this.
    private const long MaxGrowingBytes = 256L << 20;

    /// <summary>The limit that holds now.</summary>
    public static MemoryLimit Current => new(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);

    /// <summary>The bound of all bodies that arrive and are kept, in bytes.</summary>
    public long Growing => Math.Min(MaxGrowingBytes, Bytes / 8);

    /// <summary>Returns the settings, with every memory bound that exceeds its share lowered to that share.</summary>
    public ProxySettings Fit(ProxySettings settings) =>
        settings with
        {
            MaxMemoryBytes = Math.Min(settings.MaxMemoryBytes, Bytes / 2),
            MaxProxyMemoryBytes = Math.Min(settings.MaxProxyMemoryBytes, Bytes / 8),
        };
}
