namespace CachingProxy.Admin;

/// <summary>The envelope of an error.</summary>
internal sealed record ApiFailure(bool Success, ApiError Error);
