namespace CachingProxy.Admin;

/// <summary>Some of the stored responses.</summary>
/// <param name="Success">Always true.</param>
/// <param name="Entries">The responses, in no particular order.</param>
/// <param name="Next">The value of <c>from</c> for the next page; absent at the end.</param>
/// <param name="Note">Which stores the answer does not cover; absent where it covers all.</param>
internal sealed record ApiEntries(bool Success, IReadOnlyList<ApiEntry> Entries, long? Next, string? Note);
