using System.Collections.Concurrent;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Purging;
using CachingProxy.Core.Responding;
using CachingProxy.Core.Storing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Sqlite;

/// <summary>
/// Entries and purges in one SQLite file, so that they are there after a restart. Reads go beside the writer; writes are queued and never
/// hold a request up. Whatever is wrong with the file costs misses: it is logged and counted. Safe for any number of threads.
/// </summary>
public sealed class SqliteStore : ISecondTier
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(10);

    private readonly SqliteStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<SqliteStore> _logger;
    private readonly SqliteReaders _readers;
    private readonly ConcurrentDictionary<long, long> _used = new();
    private readonly FileStream? _lock;
    private readonly SqliteWriter? _writer;
    private readonly SqlitePurges? _purges;
    private readonly ITimer? _sweeps;
    private volatile bool _isBroken;
    private volatile bool _isDamaged;
    private long _lastId;
    private long _readFailures;

    private SqliteStore(SqliteStoreOptions options, TimeProvider time, ILogger<SqliteStore> logger, FileStream? held, SqliteConnection? connection)
    {
        _options = options;
        _time = time;
        _logger = logger;
        _lock = held;
        _readers = new SqliteReaders(options.Path);
        if (held is null || connection is null)
        {
            return;
        }

        _lastId = Math.Max(SqliteFile.Scalar(connection, "SELECT MAX(id) FROM entries"), SqliteFile.Scalar(connection, "SELECT MAX(id) FROM chunks") >> SqliteTables.ChunkNumberBits);
        var lastNumber = Math.Max(SqliteFile.Scalar(connection, "SELECT MAX(position) FROM entries"), SqliteFile.Scalar(connection, "SELECT MAX(number) FROM purges"));
        var epoch = SqliteFile.Scalar(connection, "SELECT value FROM meta WHERE name = 'epoch'");
        _writer = new SqliteWriter(new SqliteTables(connection), options, time, logger);
        _purges = new SqlitePurges(_writer, held, epoch, lastNumber);
        _sweeps = time.CreateTimer(_ => Sweep(), null, SweepInterval, SweepInterval);
    }

    /// <inheritdoc/>
    public bool IsAvailable => _writer is not null && !_isBroken;

    /// <summary>How many entries were not written, because too much waited or writing failed.</summary>
    public long Dropped => _writer?.Dropped ?? 0;

    /// <summary>How many reads failed.</summary>
    public long ReadFailures => Volatile.Read(ref _readFailures);

    /// <summary>What the entries take, in bytes.</summary>
    public long HeldBytes => _writer?.TotalBytes ?? 0;

    internal DateTimeOffset Now => _time.GetUtcNow();

    /// <summary>
    /// Opens the file, or makes it. One that is damaged or of another version is set aside; one that cannot be used, or is in use by another
    /// process, leaves a store that keeps nothing. Never throws for what is wrong with the file.
    /// </summary>
    public static SqliteStore Open(SqliteStoreOptions options, TimeProvider time, ILogger<SqliteStore> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        FileStream? held = null;
        try
        {
            held = new FileStream(options.Path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            var connection = SqliteFile.Open(options.Path);
            if (connection is null)
            {
                var aside = $"{options.Path}.damaged-{time.GetUtcNow():yyyyMMddHHmmss}";
                File.Move(options.Path, aside, overwrite: true);
                File.Delete(options.Path + "-wal");
                File.Delete(options.Path + "-shm");
                Log.SetAside(logger, options.Path, aside);
                connection = SqliteFile.Open(options.Path);
            }

            if (connection is not null && SqlitePurges.IsMarked(held))
            {
                SqliteFile.Execute(connection, $"UPDATE meta SET value = {Random.Shared.NextInt64()} WHERE name = 'epoch'");
            }

            SqlitePurges.Mark(held, isUnwritten: false);
            return new SqliteStore(options, time, logger, held, connection);
        }
        catch (Exception failure) when (failure is SqliteException or IOException or UnauthorizedAccessException)
        {
            held?.Dispose();
            Log.Unusable(logger, options.Path, (failure as SqliteException)?.SqliteExtendedErrorCode ?? 0, failure.Message);
            return new SqliteStore(options, time, logger, null, null);
        }
    }

    /// <inheritdoc/>
    public async ValueTask OpenAsync(IPurgeSink sink)
    {
        ArgumentNullException.ThrowIfNull(sink);
        if (_purges is { } purges && IsAvailable)
        {
            sink.Load(await purges.ReadAsync());
        }
    }

    /// <inheritdoc/>
    public async ValueTask<LogPosition> AppendAsync(Purge purge)
    {
        ArgumentNullException.ThrowIfNull(purge);
        try
        {
            return await (_purges ?? throw new PurgeNotPropagatedException("The file of the cache cannot be used.")).AppendAsync(purge, Now);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException and not PurgeNotPropagatedException)
        {
            // What should be gone is still there: nothing is served from here until that is written.
            Break(failure);
            throw new PurgeNotPropagatedException("The file of the cache could not be written to.", failure);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<CacheEntry>> FindAsync(CacheKey key)
    {
        var rows = await ReadAsync(reader => reader.Find(key));
        var entries = new List<CacheEntry>();
        foreach (var row in rows ?? [])
        {
            if (EntryFormat.Read(row.Head, row.Body is null ? new SqliteBody(this, row.Id, row.Length) : ResponseBody.InMemory(row.Body)) is { } entry && entry.Key == key)
            {
                entries.Add(entry);
                _used[row.Id] = Now.UtcTicks;
            }
        }

        return entries;
    }

    /// <inheritdoc/>
    public EntryWriter? OpenWriter(CacheEntry entry, long? contentLength)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return IsAvailable && (contentLength ?? 0) <= _options.MaxBytes / 2 ? new SqliteEntryWriter(this, _writer!, entry, Interlocked.Increment(ref _lastId)) : null;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> UpdateAsync(CacheEntry entry, CacheEntry freshened)
    {
        var isThere = false;
        return IsAvailable && await TryDoAsync(tables => isThere = tables.Update(freshened)) && isThere;
    }

    /// <inheritdoc/>
    /// <remarks>After all that is queued before it; nobody waits for the disk.</remarks>
    public ValueTask RemoveAsync(CacheEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        _writer?.Queue(tables => tables.DeleteSerial(entry.Serial));
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask RemoveAllAsync(CacheKey key) => await TryDoAsync(tables => tables.DeleteKey(key));

    /// <inheritdoc/>
    public async ValueTask ClearAsync()
    {
        // In steps, so that nobody waits long. A purge of everything has ended them all before the first.
        var last = Interlocked.Increment(ref _lastId);
        for (var isMore = true; isMore && IsAvailable;)
        {
            isMore = false;
            if (!await TryDoAsync(tables => isMore = tables.DeleteUpTo(last, 100)))
            {
                return;
            }
        }
    }

    /// <summary>Waits until all that is queued is written, and there is room again.</summary>
    public async Task SettleAsync() => _ = await TryDoAsync(_ => { }) && await TryDoAsync(_ => { });

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_sweeps is not null)
        {
            await _sweeps.DisposeAsync();
        }

        if (_writer is not null)
        {
            // A last time, so that what was purged is not there again after a restart.
            await (_purges!.HasUnwritten && !_isDamaged ? RecoverAsync() : Task.CompletedTask);
            await (IsAvailable ? TryDoAsync(tables => tables.MarkClean()) : default);
            await _writer.DisposeAsync();
        }

        _readers.Dispose();
        _lock?.Dispose();
    }

    /// <summary>Reads, beside whatever is written; default where that fails.</summary>
    internal async ValueTask<T?> ReadAsync<T>(Func<SqliteReader, T> read)
    {
        if (!IsAvailable)
        {
            return default;
        }

        try
        {
            return await _readers.ReadAsync(read);
        }
        catch (SqliteException failure)
        {
            Interlocked.Increment(ref _readFailures);
            if (SqliteFile.IsDamage(failure))
            {
                Break(failure);
            }
            else
            {
                Log.ReadingFailed(_logger, _options.Path, failure.SqliteExtendedErrorCode, failure.Message);
            }

            return default;
        }
    }

    /// <summary>Does some work and waits for it; false where it fails, which is logged.</summary>
    internal async ValueTask<bool> TryDoAsync(Action<SqliteTables> work)
    {
        try
        {
            await (_writer?.DoAsync(work) ?? Task.CompletedTask);
            return _writer is not null;
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            Break(failure);
            return false;
        }
    }

    private void Break(Exception failure)
    {
        _isDamaged |= failure is SqliteException sqlite && SqliteFile.IsDamage(sqlite);
        if (!_isBroken)
        {
            _isBroken = true;
            Log.Unusable(_logger, _options.Path, (failure as SqliteException)?.SqliteExtendedErrorCode ?? 0, failure.Message);
        }
    }

    // What could not be written is tried again: a disk that was full has room some time.
    private async Task RecoverAsync()
    {
        try
        {
            await _purges!.WriteMissedAsync();
            _isBroken = _purges.HasUnwritten;
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            Break(failure);
        }
    }

    private void Sweep()
    {
        if (_isBroken)
        {
            _ = _isDamaged ? Task.CompletedTask : RecoverAsync();
            return;
        }

        var used = new List<KeyValuePair<long, long>>();
        foreach (var entry in _used)
        {
            if (used.Count < 1000 && _used.TryRemove(entry))
            {
                used.Add(entry);
            }
        }

        var now = Now;
        _writer!.TryQueue(0, tables =>
        {
            used.ForEach(entry => tables.Use(entry.Key, entry.Value));
            tables.DeleteExpired(now, 100);
            tables.Shrink();
        });
    }
}
