namespace CachingProxy.Sqlite;

/// <summary>
/// The error of a path that leads to something that is not the cache's (another program's file, or a symbolic link), or that lies in a
/// folder that everybody may write to. Nothing was touched. The message gives the reason.
/// </summary>
public sealed class RefusedFileException(string message) : Exception(message);
