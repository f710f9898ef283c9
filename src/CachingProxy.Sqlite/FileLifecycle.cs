using Microsoft.Extensions.Logging;

namespace CachingProxy.Sqlite;

/// <summary>Takes the file of the cache into use: locks it, and begins a new file where the old one is unusable.</summary>
internal static class FileLifecycle
{
    // EWOULDBLOCK of Linux and of macOS, and the sharing violation of Windows.
    private static readonly int[] HeldByAnother = [11, 35, 32];

    /// <summary>Takes a lock of the operating system, which ends with the process that holds it, however the process ends.</summary>
    /// <exception cref="FileInUseException">Another process holds it.</exception>
    public static FileStream Lock(string path)
    {
        var name = path + ".lock";
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        try
        {
            return new FileStream(name, options);
        }
        catch (IOException failure) when (HeldByAnother.Contains(failure.HResult & 0xffff))
        {
            throw new FileInUseException($"{path} is in use by another process; stop that one, or name another file.");
        }
    }

    /// <summary>Opens a file of ours, or makes it. A damaged file is set aside first, and a file of another version is removed.</summary>
    /// <exception cref="Microsoft.Data.Sqlite.SqliteException">The file cannot be opened or written to.</exception>
    public static SqliteSession? OpenOrBegin(SqliteStoreOptions options, TimeProvider time, ILogger logger, bool endsEpoch)
    {
        if (SqliteSession.Open(options, time, logger, SqliteBeginning.New(), endsEpoch) is { } session)
        {
            return session;
        }

        if (SqliteFile.IsOfAnotherVersion(options.Path))
        {
            Log.Emptied(logger, options.Path);
            File.Delete(options.Path);
            DeleteCompanions(options.Path);
        }
        else
        {
            SetAside(options.Path, "found when it was opened", time.GetUtcNow(), logger);
        }

        return SqliteSession.Open(options, time, logger, SqliteBeginning.New(), endsEpoch: false);
    }

    /// <summary>Gives a file another name, so that a new file can take its place. The old file is kept for inspection.</summary>
    public static void SetAside(string path, string reason, DateTimeOffset now, ILogger logger)
    {
        if (File.Exists(path))
        {
            var aside = $"{path}.damaged-{now:yyyyMMddHHmmss}";
            Log.SetAside(logger, path, reason, aside);
            File.Move(path, aside, overwrite: true);
            DeleteCompanions(path);
        }
    }

    private static void DeleteCompanions(string path)
    {
        File.Delete(path + "-wal");
        File.Delete(path + "-shm");
    }
}
