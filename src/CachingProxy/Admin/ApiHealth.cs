namespace CachingProxy.Admin;

/// <summary>The answer of the health endpoints.</summary>
internal sealed record ApiHealth(string Status);
