namespace CachingProxy.Core.Stores;

/// <summary>A purge holds on this node, and could not be told to the others yet.</summary>
public sealed class PurgeNotPropagatedException(string message, Exception? cause = null) : Exception(message, cause);
