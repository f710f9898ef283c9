namespace CachingProxy.Admin;

/// <summary>The answer to an operation that succeeded.</summary>
/// <param name="Success">True.</param>
/// <param name="Message">What was done, for people.</param>
/// <param name="Purged">What became of each URL that was named; null where none was.</param>
internal sealed record ApiSuccess(bool Success, string Message, IReadOnlyList<ApiPurged>? Purged = null);
