namespace CachingProxy.Core.Stores;

/// <summary>The error for a purge that holds on this node, but could not be written to the second tier for others yet.</summary>
public sealed class PurgeNotPropagatedException(string message, Exception? cause = null) : Exception(message, cause);
