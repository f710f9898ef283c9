namespace CachingProxy.Admin;

/// <summary>The outcome of a purge for one URL that was named.</summary>
/// <param name="Url">The URL of the origin, as it was understood.</param>
/// <param name="Stored">Whether anything was stored for it.</param>
internal sealed record ApiPurged(string Url, bool Stored);
