namespace CachingProxy.Core;

/// <summary>What the engine is told once, at its start.</summary>
public sealed class CacheEngineOptions
{
    /// <summary>
    /// The name under which this instance appears in <c>Via</c> (RFC 9110 §7.6.3). A name for this instance alone lets it
    /// recognise its own requests when they come back.
    /// </summary>
    public required string Pseudonym { get; init; }
}
