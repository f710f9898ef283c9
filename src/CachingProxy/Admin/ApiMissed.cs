namespace CachingProxy.Admin;

/// <summary>A URL that often went to the origin.</summary>
/// <param name="Url">The upstream URL.</param>
/// <param name="Misses">How often, since it was remembered.</param>
/// <param name="Outcome">The outcome of the last time.</param>
/// <param name="Reason">The reason of the last time.</param>
/// <param name="Seconds">How long the last time took.</param>
internal sealed record ApiMissed(string Url, long Misses, string Outcome, string Reason, double Seconds);
