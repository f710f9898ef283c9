using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Sqlite;

/// <summary>
/// An open file: the connections that read, and the connection that writes. A session ends when its file turns out to be damaged; another
/// session then begins with a new file. Safe for any number of threads.
/// </summary>
internal sealed class SqliteSession : IAsyncDisposable
{
    private readonly TaskCompletionSource<Exception> _damage = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SqliteReaders _readers;
    private long _lastId;

    private SqliteSession(SqliteConnection connection, SqliteStoreOptions options, TimeProvider time, ILogger logger)
    {
        _lastId = Math.Max(
            SqliteFile.Scalar(connection, "SELECT MAX(id) FROM entries"),
            SqliteFile.Scalar(connection, "SELECT MAX(id) FROM chunks") >> SqliteTables.ChunkNumberBits
        );
        LastNumber = Math.Max(
            Math.Max(
                SqliteFile.Scalar(connection, "SELECT MAX(position) FROM entries"),
                SqliteFile.Scalar(connection, "SELECT MAX(number) FROM purges")
            ),
            SqliteFile.Scalar(connection, "SELECT value FROM meta WHERE name = 'horizon'")
        );
        Epoch = SqliteFile.Scalar(connection, "SELECT value FROM meta WHERE name = 'epoch'");
        Secret = SqliteFile.SecretOf(connection);
        _readers = new SqliteReaders(options.Path);
        Writer = new SqliteWriter(new SqliteTables(connection), options, time, logger);
        _ = ReportWriterDamageAsync();
    }

    /// <summary>The connection that writes.</summary>
    public SqliteWriter Writer { get; }

    /// <summary>The epoch of the log of purges that the file holds.</summary>
    public long Epoch { get; }

    /// <summary>The greatest number in the file when it was opened: of a purge, of the position of an entry, or of the horizon.</summary>
    public long LastNumber { get; }

    /// <summary>The secret that is kept in the file.</summary>
    public byte[] Secret { get; }

    /// <summary>The moments when entries were last used, in ticks, by the ids of their rows: the next sweep writes them down.</summary>
    public ConcurrentDictionary<long, long> Used { get; } = new();

    /// <summary>Takes up to <paramref name="max"/> of these moments out of <see cref="Used"/>.</summary>
    public List<KeyValuePair<long, long>> TakeUsed(int max) => [.. Used.Where(Used.TryRemove).Take(max)];

    /// <summary>A task that ends when the file turns out to be damaged, with the exception that showed it.</summary>
    public Task<Exception> Damage => _damage.Task;

    /// <summary>Opens a file that is ours; null where it is damaged or of another version.</summary>
    /// <exception cref="SqliteException">The file cannot be opened or written to.</exception>
    public static SqliteSession? Open(SqliteStoreOptions options, TimeProvider time, ILogger logger, SqliteBeginning begin, bool endsEpoch)
    {
        if (SqliteFile.Open(options.Path, begin) is not { } connection)
        {
            return null;
        }

        try
        {
            if (endsEpoch)
            {
                SqliteFile.Execute(connection, $"UPDATE meta SET value = {Random.Shared.NextInt64()} WHERE name = 'epoch'");
            }

            return new SqliteSession(connection, options, time, logger);
        }
        catch (Exception failure)
        {
            connection.Dispose();
            if (SqliteFile.IsDamage(failure))
            {
                return null;
            }

            throw;
        }
    }

    /// <summary>Returns the identity for a new entry.</summary>
    public long NextId() => Interlocked.Increment(ref _lastId);

    /// <summary>Reads while others may write.</summary>
    /// <exception cref="SqliteException">The read failed. If the file is damaged, <see cref="Damage"/> has ended.</exception>
    public async Task<T> ReadAsync<T>(Func<SqliteReader, T> read)
    {
        try
        {
            return await _readers.ReadAsync(read);
        }
        catch (Exception failure) when (SqliteFile.IsDamage(failure))
        {
            _damage.TrySetResult(failure);
            throw;
        }
    }

    /// <summary>Gives up all queued work, since the file is of no use any more.</summary>
    public void Abandon() => Writer.Abandon();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Writer.DisposeAsync();
        await _readers.DisposeAsync();
    }

    private async Task ReportWriterDamageAsync() => _damage.TrySetResult(await Writer.Damage);
}
