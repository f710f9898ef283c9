using CachingProxy.Core.Telemetry;

namespace CachingProxy.Core;

/// <summary>The settings that the engine is given once, at its start.</summary>
public sealed class CacheEngineOptions
{
    /// <summary>
    /// The name under which this instance appears in <c>Via</c> (RFC 9110 §7.6.3). A name for this instance alone lets it
    /// recognise its own requests when they come back.
    /// </summary>
    public required string Pseudonym
    {
        get;
        init
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(value);
            field = value;
        }
    }

    /// <summary>
    /// The largest number of bytes that all bodies together may take in memory while they arrive: 256 MiB by default, 0 or more. A body
    /// beyond that is passed on at the pace of its slowest reader, and stored only where a tier behind the memory takes it as it arrives.
    /// </summary>
    public long MaxGrowingBytes
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    } = 256L << 20;

    /// <summary>The listeners to fills and purges; none by default.</summary>
    public CacheEvents Events { get; init; } = new();

    /// <summary>
    /// The largest number of requests that may wait for the head of one fetch: 10,000 by default, 1 or more. Further requests are answered
    /// with 503.
    /// </summary>
    public int MaxWaitersPerFill
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = 10_000;
}
