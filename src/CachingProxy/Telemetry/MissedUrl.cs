using CachingProxy.Core.Keys;
using CachingProxy.Core.Telemetry;

namespace CachingProxy.Telemetry;

/// <summary>The requests for one URL that went to the origin: how many, and the outcome of the last one.</summary>
/// <param name="Key">The upstream URI.</param>
/// <param name="Count">How many there were, since the URL was remembered.</param>
/// <param name="Outcome">The outcome of the last one.</param>
/// <param name="Reason">The reason of the last one.</param>
/// <param name="Duration">How long the last one took.</param>
/// <param name="At">When the last one came.</param>
internal sealed record MissedUrl(CacheKey Key, long Count, RequestOutcome Outcome, string Reason, TimeSpan Duration, DateTimeOffset At);
