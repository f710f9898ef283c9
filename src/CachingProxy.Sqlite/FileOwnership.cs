using System.Buffers.Binary;
using Microsoft.Data.Sqlite;

namespace CachingProxy.Sqlite;

/// <summary>
/// Checks that a file is the cache's, before anything is written to it. Such a file bears our mark, or is empty or absent, or has exactly
/// our tables without the mark, as an earlier version wrote it. Every other file is somebody's data.
/// </summary>
internal static class FileOwnership
{
    /// <summary>Our mark in the header of a SQLite file (PRAGMA application_id): "cpxy".</summary>
    public const int ApplicationId = 0x63707879;

    private const int HeaderBytes = 100;
    private const int ApplicationIdOffset = 68;
    private const string TablesWithoutMark = "chunks,entries,meta,purges";

    /// <summary>The suffixes of the files beside the file of the cache.</summary>
    public static IReadOnlyList<string> Companions { get; } = ["-wal", "-shm", "-journal", ".lock"];

    /// <summary>
    /// Refuses a path that leads to something that is not ours, or that lies in a folder that everybody may write to. Reads at most the
    /// header and the names of the tables.
    /// </summary>
    /// <exception cref="RefusedFileException">The path is refused.</exception>
    public static void Check(string path)
    {
        foreach (var name in (string[])[path, .. Companions.Select(suffix => path + suffix)])
        {
            if (new FileInfo(name).LinkTarget is not null)
            {
                throw new RefusedFileException($"{name} is a symbolic link, which is not followed; name the file itself.");
            }
        }

        if (IsWritableByEverybody(Path.GetDirectoryName(Path.GetFullPath(path))!))
        {
            throw new RefusedFileException(
                $"everybody may write to the folder of {path}, and so put another file in its place; choose a folder of your own."
            );
        }

        if (!File.Exists(path))
        {
            return;
        }

        Span<byte> header = stackalloc byte[HeaderBytes];
        using (var file = File.OpenRead(path))
        {
            if (file.Length == 0)
            {
                return;
            }

            if (file.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false) < HeaderBytes || !header.StartsWith("SQLite format 3\0"u8))
            {
                throw new RefusedFileException($"{path} is no SQLite file, and is left as it is; name another, or remove it.");
            }
        }

        switch (BinaryPrimitives.ReadInt32BigEndian(header[ApplicationIdOffset..]))
        {
            case ApplicationId:
                return;
            case 0 when HasOurTables(path):
                return;
            default:
                throw new RefusedFileException($"{path} is another program's database, and is left as it is; name another file.");
        }
    }

    // A folder with a sticky bit does not count: the bit keeps other users from renaming our files.
    private static bool IsWritableByEverybody(string folder) =>
        !OperatingSystem.IsWindows()
        && File.GetUnixFileMode(folder) is var mode
        && mode.HasFlag(UnixFileMode.OtherWrite)
        && !mode.HasFlag(UnixFileMode.StickyBit);

    private static bool HasOurTables(string path)
    {
        try
        {
            // Reads the file as it is: takes no lock, and writes no file beside it.
            using var connection = new SqliteConnection(
                new SqliteConnectionStringBuilder
                {
                    DataSource = $"file:{Uri.EscapeDataString(path)}?immutable=1",
                    Mode = SqliteOpenMode.ReadOnly,
                    Pooling = false,
                }.ToString()
            );
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText =
                "SELECT group_concat(name) FROM (SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
                + "ORDER BY name)";
            return command.ExecuteScalar() is TablesWithoutMark;
        }
        catch (SqliteException)
        {
            return false;
        }
    }
}
