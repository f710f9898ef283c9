using CachingProxy.Core.Entries;

namespace CachingProxy.Core.Stores;

/// <summary>Some entries of a store.</summary>
/// <param name="Entries">The entries.</param>
/// <param name="Next">The place to go on from; null at the end.</param>
public sealed record EntryPage(IReadOnlyList<CacheEntry> Entries, long? Next);
