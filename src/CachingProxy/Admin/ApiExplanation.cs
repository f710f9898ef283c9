namespace CachingProxy.Admin;

/// <summary>The contract of an explanation: what would become of a request now. Nothing of it was done.</summary>
/// <param name="Success">Always true.</param>
/// <param name="Url">The upstream URL that was understood.</param>
/// <param name="Face">The face that was asked about: forwarded or proxy.</param>
/// <param name="Decision">serve, revalidate, complete, fetch, forward or refuse.</param>
/// <param name="Reason">The token of the reason, as in <c>Cache-Status</c>.</param>
/// <param name="Steps">How that came about, step by step.</param>
/// <param name="Entry">The stored response that was selected; absent where none was.</param>
internal sealed record ApiExplanation(
    bool Success,
    string Url,
    string Face,
    string Decision,
    string Reason,
    IReadOnlyList<ApiStep> Steps,
    ApiEntry? Entry
);
