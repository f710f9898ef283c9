using CachingProxy.Core.Entries;

namespace CachingProxy.Core.Stores;

/// <summary>The contents of a journal when it is opened, or read anew as a whole.</summary>
/// <param name="Position">The current position of the journal.</param>
/// <param name="Horizon">The number below which purges are forgotten: an entry of a lower number is a miss.</param>
/// <param name="Purges">The purges that still count, with their numbers and the time of each, the oldest first.</param>
public sealed record JournalState(LogPosition Position, long Horizon, IReadOnlyList<(long Number, DateTimeOffset At, Purge Purge)> Purges);
