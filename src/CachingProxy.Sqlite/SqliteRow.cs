using CachingProxy.Core.Entries;

namespace CachingProxy.Sqlite;

/// <summary>A row of the entries.</summary>
/// <param name="Id">Its identity.</param>
/// <param name="Stored">What its head says; null where the row is damaged.</param>
/// <param name="Body">The content, where it stands in the row.</param>
internal sealed record SqliteRow(long Id, StoredHead? Stored, byte[]? Body);
