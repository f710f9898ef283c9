using CachingProxy.Core.Entries;

namespace CachingProxy.Sqlite;

/// <summary>A row of the table of entries.</summary>
/// <param name="Id">The identity of the row.</param>
/// <param name="Stored">The head of the entry; null where the row is damaged.</param>
/// <param name="Body">The content, if it is stored in the row; null otherwise.</param>
internal sealed record SqliteRow(long Id, StoredHead? Stored, byte[]? Body);
