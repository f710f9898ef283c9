namespace CachingProxy.Sqlite;

/// <summary>
/// The error of a file of the cache that another process uses. The file is free again when that process ends, even if it is killed.
/// </summary>
public sealed class FileInUseException(string message) : Exception(message);
