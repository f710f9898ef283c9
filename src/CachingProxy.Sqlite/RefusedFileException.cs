namespace CachingProxy.Sqlite;

/// <summary>
/// The path of the cache leads to something that is not the cache's: another program's file, or a symbolic link. Nothing was touched; the
/// message says what it is.
/// </summary>
public sealed class RefusedFileException(string message) : Exception(message);
