namespace CachingProxy.Admin;

/// <summary>One step of an explanation.</summary>
/// <param name="Step">What was looked at: request, stored, decision, fetch or last.</param>
/// <param name="Says">What was found, in a sentence.</param>
/// <param name="Reason">The token of the reason, as in <c>Cache-Status</c>; absent where there is none.</param>
/// <param name="Section">The section of the RFC that says so; absent where none does.</param>
/// <param name="WayOut">What can be done about it; absent where nothing can or need be done.</param>
internal sealed record ApiStep(string Step, string Says, string? Reason = null, string? Section = null, string? WayOut = null);
