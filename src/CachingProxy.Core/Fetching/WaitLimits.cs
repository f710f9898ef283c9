namespace CachingProxy.Core.Fetching;

/// <summary>How many requests may wait for the head of one fetch, and for how long each does.</summary>
internal readonly record struct WaitLimits(int MaxWaiters, TimeSpan Timeout);
