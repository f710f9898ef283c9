using Microsoft.Data.Sqlite;

namespace CachingProxy.Sqlite;

/// <summary>Opens the file: its pragmas, its schema and version, its lock.</summary>
internal static class SqliteFile
{
    /// <summary>The version of the tables; a file of another one is set aside, since a cache can be filled again.</summary>
    public const int SchemaVersion = 1;

    /// <summary>The codes of a file that is damaged, or is none of SQLite's.</summary>
    public static bool IsDamage(SqliteException failure) => failure.SqliteErrorCode is 11 or 26;

    private const string Schema = """
        CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE entries(
            id INTEGER PRIMARY KEY,
            serial INTEGER NOT NULL UNIQUE,
            key BLOB NOT NULL,
            head BLOB NOT NULL,
            body BLOB,
            length INTEGER NOT NULL,
            checksum INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            position INTEGER NOT NULL,
            kept_until INTEGER NOT NULL,
            used_at INTEGER NOT NULL);
        CREATE INDEX entries_key ON entries(key);
        CREATE INDEX entries_kept_until ON entries(kept_until);
        CREATE INDEX entries_used_at ON entries(used_at);
        CREATE TABLE chunks(id INTEGER PRIMARY KEY, checksum INTEGER NOT NULL, bytes BLOB NOT NULL);
        CREATE TABLE purges(
            number INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind INTEGER NOT NULL, authority TEXT NOT NULL, text TEXT NOT NULL, soft INTEGER NOT NULL,
            UNIQUE(kind, authority, text, soft));
        """;

    /// <summary>A connection of its own to a file that is there.</summary>
    /// <exception cref="SqliteException">It cannot be opened.</exception>
    public static SqliteConnection Connect(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = 5 }.ToString());
        try
        {
            connection.Open();
            Execute(connection, "PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=5000; PRAGMA journal_size_limit=8388608;");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>The connection that writes: the tables are there when this returns, and can be written to.</summary>
    /// <returns>Null where the file is damaged or of another version.</returns>
    /// <exception cref="SqliteException">It cannot be opened or written to.</exception>
    public static SqliteConnection? Open(string path)
    {
        SqliteConnection? connection = null;
        try
        {
            var isNew = !File.Exists(path) || new FileInfo(path).Length == 0;
            connection = Connect(path);
            if (isNew)
            {
                Execute(connection, "PRAGMA page_size=8192; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL;");
                Execute(connection, $"BEGIN; {Schema} INSERT INTO meta VALUES('epoch', {Random.Shared.NextInt64()}), ('horizon', 0); PRAGMA user_version={SchemaVersion}; COMMIT;");
            }

            if (Scalar(connection, "PRAGMA user_version") != SchemaVersion || !IsSound(connection))
            {
                connection.Dispose();
                return null;
            }

            // What a killed process left of bodies that were never whole; and a write, since a file that only looks writable says so only then.
            Execute(connection, "DELETE FROM chunks WHERE (id >> 20) NOT IN (SELECT id FROM entries); INSERT OR REPLACE INTO meta VALUES('clean', 0);");
            return connection;
        }
        catch (SqliteException failure) when (IsDamage(failure))
        {
            connection?.Dispose();
            return null;
        }
        catch
        {
            connection?.Dispose();
            throw;
        }
    }

    /// <summary>Executes statements without a result.</summary>
    public static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>The number that a query answers with.</summary>
    public static long Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar() is long number ? number : 0;
    }

    // A file that was closed in order is sound. Of one that was not the whole is looked at where that takes no longer than a second or two;
    // what is damaged in a larger one is found where it is read.
    private static bool IsSound(SqliteConnection connection)
    {
        const long maxChecked = 256L << 20;
        if (Scalar(connection, "SELECT value FROM meta WHERE name = 'clean'") == 1
            || Scalar(connection, "PRAGMA page_count") * Scalar(connection, "PRAGMA page_size") > maxChecked)
        {
            return true;
        }

        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA quick_check(1)";
        return command.ExecuteScalar() is "ok";
    }
}
