namespace CachingProxy.Core.Storing;

/// <summary>The steps that make something of a fetched response: a new entry, an update of one, a part that joins others.</summary>
internal sealed record StoringSteps(EntryFactory Entries, Revalidation Revalidation, PartCombination Parts);
