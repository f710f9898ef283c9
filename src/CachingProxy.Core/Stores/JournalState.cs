using CachingProxy.Core.Entries;

namespace CachingProxy.Core.Stores;

/// <summary>The purges that a journal knows when it is opened.</summary>
/// <param name="Position">Where it stands.</param>
/// <param name="Horizon">What is older than this number is a miss, since it is not known what was purged after it.</param>
/// <param name="Purges">The purges that still count, with their numbers and the time of each, the oldest first.</param>
public sealed record JournalState(LogPosition Position, long Horizon, IReadOnlyList<(long Number, DateTimeOffset At, Purge Purge)> Purges);
