using CachingProxy.Configuration;

namespace CachingProxy.Serving;

/// <summary>
/// The memory that this process may have, by the limit of its container or heap, and its shares: half for what is stored, an eighth for
/// bodies that arrive, an eighth for <c>/proxy</c>, the rest for everything else.
/// </summary>
/// <param name="Bytes">How much there is.</param>
internal sealed record MemoryLimit(long Bytes)
{
    // More than this nobody needs for bodies that arrive.
    private const long MaxGrowingBytes = 256L << 20;

    /// <summary>The limit that holds now.</summary>
    public static MemoryLimit Current => new(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);

    /// <summary>The bound of all bodies that arrive and are kept, in bytes.</summary>
    public long Growing => Math.Min(MaxGrowingBytes, Bytes / 8);

    /// <summary>The settings, as far as there is room for them.</summary>
    public ProxySettings Fit(ProxySettings settings) =>
        settings with
        {
            MaxMemoryBytes = Math.Min(settings.MaxMemoryBytes, Bytes / 2),
            MaxProxyMemoryBytes = Math.Min(settings.MaxProxyMemoryBytes, Bytes / 8),
        };
}
