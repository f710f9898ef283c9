using CachingProxy.Core.Stores;

namespace CachingProxy.Core.Entries;

/// <summary>The head of a stored entry, as <see cref="EntryFormat"/> reads it.</summary>
/// <param name="Entry">The entry, without its content.</param>
/// <param name="ContentLength">The length of its content, in bytes.</param>
public sealed record StoredHead(CacheEntry Entry, long ContentLength);
