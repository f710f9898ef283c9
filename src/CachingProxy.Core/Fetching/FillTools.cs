using CachingProxy.Core.Purging;
using CachingProxy.Core.Storing;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Core.Fetching;

/// <summary>What every fill works with.</summary>
internal sealed record FillTools(ICacheStore Store, EntryFactory Entries, Freshener Freshener, PartCombination Parts, Unshareables Unshareables, GrowthBudget Growth, InvalidationLog Log, SteadyClock Clock, ILogger Logger);
