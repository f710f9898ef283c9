using CachingProxy.Core.Keys;
using CachingProxy.Core.Storing;
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

    /// <summary>The rows of a URI, the newest last. Those that are damaged are not there.</summary>
    public IEnumerable<SqliteRow> Find(CacheKey key)
    {
        var rows = new List<SqliteRow>();
        _find.Parameters[0].Value = SqliteTables.HashOf(key);
        using var reader = _find.ExecuteReader();
        while (reader.Read())
        {
            var body = reader.IsDBNull(2) ? null : (byte[])reader[2];
            if (body is null || (EntryFormat.Checksum(body) == (uint)reader.GetInt64(4) && body.Length == reader.GetInt64(3)))
            {
                rows.Add(new SqliteRow(reader.GetInt64(0), (byte[])reader[1], body, reader.GetInt64(3)));
            }
        }

        return rows;
    }

    /// <summary>A piece of a body; null where it is not there any more, or damaged.</summary>
    public byte[]? FindChunk(long entry, int number)
    {
        _chunk.Parameters[0].Value = (entry << SqliteTables.ChunkNumberBits) | (long)number;
        using var reader = _chunk.ExecuteReader();
        return reader.Read() && (byte[])reader[0] is var bytes && EntryFormat.Checksum(bytes) == (uint)reader.GetInt64(1) ? bytes : null;
    }

    public void Dispose()
    {
        _find.Dispose();
        _chunk.Dispose();
        _connection.Dispose();
    }
}
