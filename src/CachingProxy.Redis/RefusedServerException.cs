namespace CachingProxy.Redis;

/// <summary>
/// The error of a server that answers, but cannot be used as it is configured. Trying again would change nothing. The message says what is
/// wrong.
/// </summary>
public sealed class RefusedServerException(string message) : Exception(message);
