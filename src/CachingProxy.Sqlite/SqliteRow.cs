namespace CachingProxy.Sqlite;

/// <summary>A row of the entries.</summary>
internal sealed record SqliteRow(long Id, byte[] Head, byte[]? Body, long Length);
