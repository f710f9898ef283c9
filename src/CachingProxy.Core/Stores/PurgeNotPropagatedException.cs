namespace CachingProxy.Core.Stores;

/// <summary>
/// The error for a purge that holds on this node, but could not yet be written to the second tier, where others would learn of it.
/// </summary>
public sealed class PurgeNotPropagatedException(string message, Exception? cause = null) : Exception(message, cause);
