namespace CachingProxy.Redis;

/// <summary>
/// The server is there, and cannot be used as it is configured; trying again would change nothing. The message says what is wrong.
/// </summary>
public sealed class RefusedServerException(string message) : Exception(message);
