namespace CachingProxy.Admin;

/// <summary>The answer to an operation that succeeded.</summary>
/// <param name="Success">True.</param>
/// <param name="Message">What was done, for people.</param>
/// <param name="Purged">The outcome for each URL that was named; null if none was named, and with <c>query=any</c>.</param>
internal sealed record ApiSuccess(bool Success, string Message, IReadOnlyList<ApiPurged>? Purged = null);
