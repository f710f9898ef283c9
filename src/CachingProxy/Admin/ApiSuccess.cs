namespace CachingProxy.Admin;

/// <summary>The answer to an operation that succeeded.</summary>
internal sealed record ApiSuccess(bool Success, string Message);
