namespace CachingProxy.Core.Storing;

/// <summary>The steps that turn a fetched response into a new entry, update an entry with it, or join it with other parts.</summary>
internal sealed record StoringSteps(EntryFactory Entries, Revalidation Revalidation, PartCombination Parts);
