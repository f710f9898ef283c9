namespace CachingProxy.Core.Storing;

/// <summary>What a fetched response becomes: an entry, an update of one, a part that is put together with others.</summary>
internal sealed record StoringSteps(EntryFactory Entries, Revalidation Revalidation, PartCombination Parts);
