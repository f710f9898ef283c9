using CachingProxy.Core.Fetching;

namespace CachingProxy.Core;

/// <summary>One way in: where its requests are fetched from, and by which policy its responses are kept.</summary>
/// <param name="Name">The name that keeps the entries of this face apart from the others' (<see cref="Keys.CachePartition.Face"/>).</param>
/// <param name="Origin">Where a request goes that the cache cannot answer.</param>
/// <param name="Policy">Lifetimes, cookies and sizes.</param>
public sealed record CacheFace(string Name, IOrigin Origin, CachePolicy Policy);
