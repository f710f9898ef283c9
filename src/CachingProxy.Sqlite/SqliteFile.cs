using CachingProxy.Core.Stores;
using Microsoft.Data.Sqlite;

namespace CachingProxy.Sqlite;

/// <summary>Opens the file: sets its pragmas, and makes or checks its schema and version.</summary>
internal static class SqliteFile
{
    /// <summary>The version of the tables. A file of another version is replaced by an empty one: a cache can be filled again.</summary>
    public const int SchemaVersion = 2;

    private const int SecretBytes = 32;

    private const string Schema = """
        CREATE TABLE meta(name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
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
            used_at INTEGER NOT NULL) STRICT;
        CREATE INDEX entries_key ON entries(key);
        CREATE INDEX entries_kept_until ON entries(kept_until);
        CREATE INDEX entries_used_at ON entries(used_at);
        CREATE TABLE chunks(id INTEGER PRIMARY KEY, checksum INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
        CREATE TABLE purges(
            number INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            kind INTEGER NOT NULL,
            authority TEXT NOT NULL,
            text TEXT NOT NULL,
            soft INTEGER NOT NULL,
            UNIQUE(kind, authority, text, soft)) STRICT;
        """;

    /// <summary>
    /// Tells whether a failure shows that the file is damaged, is no SQLite file, or has other tables than ours. Trying again would not
    /// help.
    /// </summary>
    public static bool IsDamage(Exception failure) =>
        failure switch
        {
            SqliteException sqlite => sqlite.SqliteErrorCode is 1 or 11 or 26,
            InvalidCastException or InvalidDataException or FormatException => true,
            _ => false,
        };

    /// <summary>Opens a new connection, which is not pooled, to a file that exists.</summary>
    /// <exception cref="SqliteException">The file cannot be opened.</exception>
    public static SqliteConnection Connect(string path)
    {
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder
            {
                DataSource = path,
                Pooling = false,
                DefaultTimeout = 5,
            }.ToString()
        );
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

    /// <summary>Opens the connection that writes. When this returns a connection, the tables exist and can be written to.</summary>
    /// <param name="path">The file, which is ours.</param>
    /// <param name="begin">The first values in the file, if the file has to be created.</param>
    /// <returns>Null where the file is damaged, or of another version.</returns>
    /// <exception cref="SqliteException">The file cannot be opened or written to.</exception>
    public static SqliteConnection? Open(string path, SqliteBeginning begin)
    {
        SqliteConnection? connection = null;
        try
        {
            var isNew = !File.Exists(path) || new FileInfo(path).Length == 0;
            if (isNew)
            {
                MakeForOwnerAlone(path);
            }

            connection = Connect(path);
            if (isNew)
            {
                // Writes the application id first: if the process ends before the file is complete, the file is still known as ours.
                Execute(
                    connection,
                    $"PRAGMA page_size=8192; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA application_id={FileOwnership.ApplicationId}; "
                        + "PRAGMA journal_mode=WAL;"
                );
                Begin(connection, begin);
            }

            if (Scalar(connection, "PRAGMA user_version") != SchemaVersion || !HasSchema(connection) || !IsSound(connection))
            {
                connection.Dispose();
                return null;
            }

            // Removes the chunks of incomplete bodies that a killed process left behind. Then writes a row, because only a write shows
            // whether the file can be written to.
            Execute(
                connection,
                "DELETE FROM chunks WHERE (id >> 20) NOT IN (SELECT id FROM entries); INSERT OR REPLACE INTO meta VALUES('clean', 0);"
            );
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

    /// <summary>Returns the secret that is kept in the file (<see cref="ISecondTier.SharedSecret"/>).</summary>
    /// <exception cref="InvalidDataException">The file has no secret.</exception>
    public static byte[] SecretOf(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT value FROM meta WHERE name = 'secret'";
        return command.ExecuteScalar() is byte[] { Length: SecretBytes } secret
            ? secret
            : throw new InvalidDataException("The file has no secret.");
    }

    /// <summary>Tells whether a file is sound, but has another version than the one that this program writes.</summary>
    public static bool IsOfAnotherVersion(string path)
    {
        try
        {
            using var connection = Connect(path);
            return Scalar(connection, "PRAGMA user_version") is > 0 and not SchemaVersion;
        }
        catch (SqliteException)
        {
            return false;
        }
    }

    /// <summary>Executes statements without a result.</summary>
    public static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>Returns the number that a query yields; 0 where it yields none.</summary>
    public static long Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar() is long number ? number : 0;
    }

    // Makes a file that only the user who runs the proxy may read. SQLite gives the files that it makes next to it the same permissions.
    private static void MakeForOwnerAlone(string path)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        new FileStream(path, options).Dispose();
    }

    private static void Begin(SqliteConnection connection, SqliteBeginning begin)
    {
        using var transaction = connection.BeginTransaction();
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText =
            $"{Schema} INSERT INTO meta VALUES('epoch', $1), ('horizon', $2), ('secret', $3); PRAGMA user_version={SchemaVersion};";
        command.Parameters.AddWithValue("$1", begin.Epoch);
        command.Parameters.AddWithValue("$2", begin.Horizon);
        command.Parameters.AddWithValue("$3", begin.Secret ?? System.Security.Cryptography.RandomNumberGenerator.GetBytes(SecretBytes));
        command.ExecuteNonQuery();
        transaction.Commit();
    }

    // Compares the definitions of the tables. Without this check, statements on tables that somebody has changed would fail later, one at a
    // time.
    private static bool HasSchema(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid";
        using var reader = command.ExecuteReader();
        var tables = new List<string>();
        while (reader.Read())
        {
            tables.Add(reader.GetValue(0) as string ?? "");
        }

        return tables.SequenceEqual(
            Schema
                .Split(';', StringSplitOptions.TrimEntries)
                .Where(statement => statement.StartsWith("CREATE TABLE", StringComparison.Ordinal))
        );
    }

    // A file that was closed properly is sound. A file that was not closed properly is checked as a whole if the check takes a second or
    // two at most. Damage in a larger file is found when the damaged part is read.
    private static bool IsSound(SqliteConnection connection)
    {
        const long maxChecked = 256L << 20;
        if (
            Scalar(connection, "SELECT value FROM meta WHERE name = 'clean'") == 1
            || Scalar(connection, "PRAGMA page_count") * Scalar(connection, "PRAGMA page_size") > maxChecked
        )
        {
            return true;
        }

        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA quick_check(1)";
        return command.ExecuteScalar() is "ok";
    }
}
