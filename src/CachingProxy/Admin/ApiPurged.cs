namespace CachingProxy.Admin;

/// <summary>What became of one URL that was named for a purge.</summary>
/// <param name="Url">The URL of the origin, as it was understood.</param>
/// <param name="Stored">Whether anything was stored for it.</param>
internal sealed record ApiPurged(string Url, bool Stored);
