using System.Security.Cryptography;
using System.Text;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Stores;
using Microsoft.Data.Sqlite;

namespace CachingProxy.Sqlite;

/// <summary>The SQL statements that write. Only the thread that owns the writing connection may use them.</summary>
internal sealed class SqliteTables(SqliteConnection connection) : IDisposable
{
    /// <summary>
    /// The largest body, in bytes, that is stored in the row of its entry; a larger body is stored in chunks of <see cref="ChunkBytes"/>.
    /// </summary>
    public const int MaxInlineBytes = 64 * 1024;

    /// <summary>The size of a chunk: below the large object heap's threshold, since each chunk is an array of its own.</summary>
    public const int ChunkBytes = 64 * 1024;

    /// <summary>
    /// The identity of a chunk consists of the identity of its entry and, in this many low bits, the number of the chunk. Enough for bodies
    /// up to 64 GiB.
    /// </summary>
    public const int ChunkNumberBits = 20;

    private readonly Dictionary<string, SqliteCommand> _commands = [];

    /// <summary>The bytes of all entries.</summary>
    public long TotalBytes { get; private set; } = SqliteFile.Scalar(connection, "SELECT SUM(bytes) FROM entries");

    /// <summary>
    /// Returns the bytes that represent a key in the index: a hash, since keys are long. The head of an entry contains the key itself.
    /// </summary>
    public static byte[] HashOf(CacheKey key) =>
        SHA256.HashData(Encoding.UTF8.GetBytes($"{key.Authority.Length}:{key.Authority}{key.Target}"))[..16];

    /// <summary>Runs some work as one transaction: all of it, or none.</summary>
    public void InTransaction(Action work)
    {
        var before = TotalBytes;
        SqliteFile.Execute(connection, "BEGIN IMMEDIATE");
        try
        {
            work();
            SqliteFile.Execute(connection, "COMMIT");
        }
        catch
        {
            TotalBytes = before;
            try
            {
                SqliteFile.Execute(connection, "ROLLBACK");
            }
            catch (SqliteException)
            {
                // Rolled back already.
            }

            throw;
        }
    }

    /// <summary>Stores an entry, and removes the entries that it replaces. The chunks of a large body must be stored already.</summary>
    public void Insert(long id, CacheEntry entry, byte[]? body, long length, DateTimeOffset now)
    {
        var key = HashOf(entry.Key);
        var siblings = Select("SELECT id, head FROM entries WHERE key = $1 ORDER BY id", key);
        var stored = siblings.Select(row => (Id: IdOf(row), (row[1] is byte[] bytes ? EntryFormat.Read(bytes) : null)?.Entry)).ToList();
        if (
            Replacement.Replaced(entry, [.. stored.Where(row => row.Entry?.Key == entry.Key).Select(row => row.Entry!)]) is not { } replaced
        )
        {
            Execute("DELETE FROM chunks WHERE id BETWEEN $1 AND $2", id << ChunkNumberBits, ((id + 1) << ChunkNumberBits) - 1);
            return;
        }

        foreach (var row in stored.Where(row => row.Entry is null || replaced.Contains(row.Entry)))
        {
            Delete(row.Id);
        }

        var head = EntryFormat.Write(entry, length);
        var bytes = head.Length + length;
        Execute(
            "INSERT OR REPLACE INTO entries VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            id,
            entry.Serial,
            key,
            head,
            body,
            length,
            body is null ? 0L : EntryFormat.ContentChecksum(entry.Serial, -1, body),
            bytes,
            entry.Position.Number,
            entry.WorthKeepingUntil.UtcTicks,
            now.UtcTicks
        );
        TotalBytes += bytes;
    }

    /// <summary>Stores a chunk of a body.</summary>
    public void InsertChunk(long entry, long serial, int number, byte[] bytes) =>
        Execute(
            "INSERT INTO chunks VALUES($1, $2, $3)",
            (entry << ChunkNumberBits) | (long)number,
            (long)EntryFormat.ContentChecksum(serial, number, bytes),
            bytes
        );

    /// <summary>Replaces the head of an entry. Returns false if the entry is not there.</summary>
    public bool Update(CacheEntry entry) =>
        Execute(
            "UPDATE entries SET head = $1, position = $2, kept_until = $3 WHERE serial = $4",
            EntryFormat.Write(entry, entry.Body.Length ?? 0),
            entry.Position.Number,
            entry.WorthKeepingUntil.UtcTicks,
            entry.Serial
        ) > 0;

    /// <summary>Notes when an entry was last used.</summary>
    public void Use(long id, long usedAt) => Execute("UPDATE entries SET used_at = $1 WHERE id = $2", usedAt, id);

    /// <summary>Removes the entry whose row has an identity.</summary>
    public void DeleteRow(long id) => Delete(id);

    /// <summary>Removes the entry that has a serial.</summary>
    public void DeleteSerial(long serial) => DeleteAll("SELECT id FROM entries WHERE serial = $1", serial);

    /// <summary>Removes all entries of a URI.</summary>
    public void DeleteKey(CacheKey key) => DeleteAll("SELECT id FROM entries WHERE key = $1", HashOf(key));

    /// <summary>Removes the chunks of an entry, even if its body was never whole.</summary>
    public void DeleteChunks(long entry) =>
        Execute("DELETE FROM chunks WHERE id BETWEEN $1 AND $2", entry << ChunkNumberBits, ((entry + 1) << ChunkNumberBits) - 1);

    /// <summary>Removes a few entries that are not worth keeping any more. Returns false if there are none.</summary>
    public bool DeleteExpired(DateTimeOffset now, int count) =>
        DeleteAll("SELECT id FROM entries WHERE kept_until < $1 LIMIT $2", now.UtcTicks, (long)count);

    /// <summary>Removes a few of the entries whose identity is at most a given one. Returns false if there are none.</summary>
    public bool DeleteUpTo(long id, int count) => DeleteAll("SELECT id FROM entries WHERE id <= $1 LIMIT $2", id, (long)count);

    /// <summary>Removes a few entries, the least recently used first. Returns false if there are none.</summary>
    public bool DeleteOldest(int count) => DeleteAll("SELECT id FROM entries ORDER BY used_at LIMIT $1", (long)count);

    /// <summary>
    /// Stores a purge. Of several purges of the same thing, only the last one is kept. A hard purge of everything removes all purges before
    /// it.
    /// </summary>
    public void Insert(Purge purge, long number, DateTimeOffset at)
    {
        // Of two purges of the same thing, keeps the later one, in whichever order the two are written.
        Execute(
            """
            INSERT INTO purges VALUES($1, $2, $3, $4, $5, $6)
            ON CONFLICT(kind, authority, text, soft) DO UPDATE SET number = excluded.number, at = excluded.at WHERE excluded.number > number
            """,
            number,
            at.UtcTicks,
            (long)purge.Kind,
            purge.Authority,
            purge.Text,
            purge.IsSoft ? 1L : 0L
        );
        if (purge is { Kind: PurgeKind.All, IsSoft: false })
        {
            Execute("DELETE FROM purges WHERE number < $1", number);
        }
    }

    /// <summary>
    /// Forgets the oldest purges, so that at most <paramref name="max"/> are left. Every entry fetched before the last forgotten purge is a
    /// miss from then on.
    /// </summary>
    public void CompactPurges(int max)
    {
        if (SqliteFile.Scalar(connection, "SELECT COUNT(*) FROM purges") is var count && count > max)
        {
            Execute(
                "UPDATE meta SET value = (SELECT number FROM purges ORDER BY number LIMIT 1 OFFSET $1) WHERE name = 'horizon'",
                count - max - 1
            );
            Execute("DELETE FROM purges WHERE number <= (SELECT value FROM meta WHERE name = 'horizon')");
        }
    }

    /// <summary>
    /// Returns the purges that still count, the oldest first, and the horizon, which is the number of the last forgotten purge.
    /// </summary>
    public (long Horizon, List<(long Number, DateTimeOffset At, Purge Purge)> Purges) ReadPurges() =>
        (
            SqliteFile.Scalar(connection, "SELECT value FROM meta WHERE name = 'horizon'"),
            Select("SELECT number, at, kind, authority, text, soft FROM purges ORDER BY number")
                .ConvertAll(row =>
                    (
                        (long)row[0],
                        MomentOf((long)row[1]),
                        new Purge((PurgeKind)(long)row[2], (string)row[3], (string)row[4], (long)row[5] == 1)
                    )
                )
        );

    /// <summary>If the file has many free pages, gives a few of them back to the disk.</summary>
    public void Shrink()
    {
        if (SqliteFile.Scalar(connection, "PRAGMA freelist_count") > 4096)
        {
            SqliteFile.Execute(connection, "PRAGMA incremental_vacuum(128)");
        }
    }

    /// <summary>Marks the file as closed properly, so that all of it is known to be sound.</summary>
    public void MarkClean() => SqliteFile.Execute(connection, "INSERT OR REPLACE INTO meta VALUES('clean', 1)");

    public void Dispose()
    {
        foreach (var command in _commands.Values)
        {
            command.Dispose();
        }

        connection.Dispose();
    }

    private bool DeleteAll(string select, params object[] values)
    {
        var ids = Select(select, values).ConvertAll(IdOf);
        ids.ForEach(Delete);
        return ids.Count > 0;
    }

    private void Delete(long id)
    {
        TotalBytes -= Select("SELECT bytes FROM entries WHERE id = $1", id) is [[long bytes]] ? bytes : 0;
        Execute("DELETE FROM entries WHERE id = $1", id);
        DeleteChunks(id);
    }

    // The primary key is an integer even if the rest of the row is damaged.
    private static long IdOf(object[] row) => row[0] as long? ?? throw new InvalidDataException("An identity is no number.");

    private static DateTimeOffset MomentOf(long ticks) =>
        ticks >= 0 && ticks <= DateTime.MaxValue.Ticks
            ? new DateTimeOffset(ticks, TimeSpan.Zero)
            : throw new InvalidDataException("A time is out of range.");

    private List<object[]> Select(string sql, params object?[] values)
    {
        var rows = new List<object[]>();
        using var reader = Command(sql, values).ExecuteReader();
        while (reader.Read())
        {
            var row = new object[reader.FieldCount];
            reader.GetValues(row);
            rows.Add(row);
        }

        return rows;
    }

    private int Execute(string sql, params object?[] values) => Command(sql, values).ExecuteNonQuery();

    private SqliteCommand Command(string sql, object?[] values)
    {
        if (!_commands.TryGetValue(sql, out var command))
        {
            command = _commands[sql] = connection.CreateCommand();
            command.CommandText = sql;
            for (var i = 1; i <= values.Length; i++)
            {
                command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}" });
            }
        }

        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        }

        return command;
    }
}
