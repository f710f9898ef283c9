namespace CachingProxy.Sqlite;

/// <summary>Another process uses the file of the cache. It is free again when that process ends, however it ends.</summary>
public sealed class FileInUseException(string message) : Exception(message);
