using CachingProxy.Core.Keys;
using CachingProxy.Core.Stores;
using Microsoft.Data.Sqlite;

namespace CachingProxy.Sqlite;

/// <summary>A connection that reads. For one caller at a time.</summary>
internal sealed class SqliteReader : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _find;
    private readonly SqliteCommand _chunk;

    public SqliteReader(string path)
    {
        _connection = SqliteFile.Connect(path);
        _find = _connection.CreateCommand();
        _find.CommandText = "SELECT id, head, body, length, checksum FROM entries WHERE key = $1 ORDER BY id";
        _find.Parameters.Add(new SqliteParameter { ParameterName = "$1" });
        _chunk = _connection.CreateCommand();
        _chunk.CommandText = "SELECT bytes, checksum FROM chunks WHERE id = $1";
        _chunk.Parameters.Add(new SqliteParameter { ParameterName = "$1" });
    }

    /// <summary>Returns the rows of a URI, the newest last. Rows that cannot be read are included, marked as such.</summary>
    public IReadOnlyList<SqliteRow> Find(CacheKey key)
    {
        var rows = new List<SqliteRow>();
        _find.Parameters[0].Value = SqliteTables.HashOf(key);
        using var reader = _find.ExecuteReader();
        while (reader.Read())
        {
            // Checks the type of each value: a flipped bit can turn a number into a text.
            var id = reader.GetValue(0) as long? ?? 0;
            var stored = reader.GetValue(1) is byte[] bytes ? EntryFormat.Read(bytes) : null;
            var body = reader.GetValue(2);
            var isReadable =
                stored is not null
                && reader.GetValue(3) is long length
                && length == stored.ContentLength
                && (
                    body is DBNull
                        ? length > SqliteTables.MaxInlineBytes
                        : body is byte[] content
                            && content.Length == length
                            && reader.GetValue(4) is long checksum
                            && checksum == EntryFormat.ContentChecksum(stored.Entry.Serial, -1, content)
                );
            rows.Add(new SqliteRow(id, isReadable ? stored : null, isReadable ? body as byte[] : null));
        }

        return rows;
    }

    /// <summary>Returns a piece of a body; null where it is not there any more, or damaged.</summary>
    public byte[]? FindChunk(long entry, long serial, int number)
    {
        _chunk.Parameters[0].Value = (entry << SqliteTables.ChunkNumberBits) | (long)number;
        using var reader = _chunk.ExecuteReader();
        return
            reader.Read()
            && reader.GetValue(0) is byte[] bytes
            && reader.GetValue(1) is long checksum
            && checksum == EntryFormat.ContentChecksum(serial, number, bytes)
            ? bytes
            : null;
    }

    public void Dispose()
    {
        _find.Dispose();
        _chunk.Dispose();
        _connection.Dispose();
    }
}
