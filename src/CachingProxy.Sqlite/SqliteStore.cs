using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Limits;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Stores;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Sqlite;

/// <summary>
/// Keeps entries and purges in one SQLite file, so that they survive a restart. Reads run while the writer works. New entries are queued
/// for the writer, and no request waits until they are written. A failure of the file costs misses, and is logged and counted. Safe for any
/// number of threads.
/// </summary>
public sealed class SqliteStore : ISecondTier
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(10);

    private readonly SqliteStoreOptions _options;
    private readonly SteadyClock _clock;
    private readonly ILogger<SqliteStore> _logger;
    private readonly CurrentFile? _file;
    private readonly ITimer? _sweeps;
    private long _readFailures;
    private long _damagedRows;

    private SqliteStore(
        SqliteStoreOptions options,
        TimeProvider time,
        ILogger<SqliteStore> logger,
        FileStream? held,
        SqliteSession? session
    )
    {
        _options = options;
        _clock = new SteadyClock(time);
        _logger = logger;
        if (held is null || session is null)
        {
            return;
        }

        _file = new CurrentFile(options, time, logger, held, session);
        SharedSecret = session.Secret;
        _sweeps = time.CreateTimer(_ => Sweep(), null, SweepInterval, SweepInterval);
    }

    /// <inheritdoc/>
    public bool IsAvailable => _file is { IsUsable: true };

    /// <inheritdoc/>
    public IFetchLeases? Leases => null;

    /// <inheritdoc/>
    public IRateCounter? Rates => null;

    /// <inheritdoc/>
    public byte[]? SharedSecret { get; }

    /// <summary>The number of entries that were not written, because too much was queued already or writing failed.</summary>
    public long Dropped => _file?.Session?.Writer.Dropped ?? 0;

    /// <summary>The number of reads that failed.</summary>
    public long ReadFailures => Volatile.Read(ref _readFailures);

    /// <summary>The number of rows that could not be read, and were removed.</summary>
    public long DamagedRows => Volatile.Read(ref _damagedRows);

    /// <summary>The bytes of all entries.</summary>
    public long HeldBytes => _file?.Session?.Writer.TotalBytes ?? 0;

    internal DateTimeOffset Now => _clock.Now;

    /// <summary>
    /// Opens the file, or creates it. A damaged file of ours is set aside, and a file of another version is emptied. If the file cannot be
    /// used, the store keeps nothing.
    /// </summary>
    /// <exception cref="RefusedFileException">The path leads to something that is not ours; nothing was touched.</exception>
    /// <exception cref="FileInUseException">Another process uses the file.</exception>
    public static SqliteStore Open(SqliteStoreOptions options, TimeProvider time, ILogger<SqliteStore> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        FileStream? held = null;
        try
        {
            FileOwnership.Check(options.Path);
            held = FileLifecycle.Lock(options.Path);
            var session = FileLifecycle.OpenOrBegin(options, time, logger, endsEpoch: SqlitePurges.IsMarked(held));
            SqlitePurges.Mark(held, isUnwritten: false);
            return new SqliteStore(options, time, logger, held, session);
        }
        catch (Exception failure) when (failure is SqliteException or IOException or UnauthorizedAccessException)
        {
            held?.Dispose();
            Log.Unusable(logger, options.Path, (failure as SqliteException)?.SqliteExtendedErrorCode ?? 0, failure.Message);
            return new SqliteStore(options, time, logger, null, null);
        }
        catch
        {
            held?.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask OpenAsync(IPurgeSink sink)
    {
        ArgumentNullException.ThrowIfNull(sink);
        if (_file is not { Session: { } session, Purges: var purges })
        {
            return;
        }

        try
        {
            sink.Load(await purges.ReadAsync(session.Writer));
        }
        catch (Exception failure) when (SqliteFile.IsDamage(failure))
        {
            // The purges cannot be read: every entry they may concern becomes a miss.
            sink.Load(new JournalState(purges.Last, purges.Last.Number, []));
        }
    }

    /// <inheritdoc/>
    public async ValueTask<LogPosition> AppendAsync(Purge purge)
    {
        ArgumentNullException.ThrowIfNull(purge);
        var file = _file ?? throw new PurgeNotPropagatedException("The file of the cache cannot be used.");
        try
        {
            return await file.Purges.AppendAsync(file.Session?.Writer, purge, Now);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // Purged entries are still in the file: nothing is served from it until the purge is written.
            file.Break(failure);
            throw new PurgeNotPropagatedException("The file of the cache could not be written to.", failure);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<CacheEntry>> FindAsync(CacheKey key)
    {
        var session = _file?.Session;
        var rows = await ReadAsync(reader => reader.Find(key));
        var entries = new List<CacheEntry>();
        foreach (var row in rows ?? [])
        {
            if (row.Stored is not { } stored)
            {
                Interlocked.Increment(ref _damagedRows);
                _file?.Session?.Writer.Queue(tables => tables.DeleteRow(row.Id));
            }
            else if (stored.Entry.Key == key)
            {
                entries.Add(
                    stored.Entry with
                    {
                        Body = row.Body is null
                            ? new SqliteBody(this, row.Id, stored.Entry.Serial, stored.ContentLength)
                            : ResponseBody.InMemory(row.Body),
                    }
                );
                session?.Used[row.Id] = Now.UtcTicks;
            }
        }

        return entries;
    }

    /// <inheritdoc/>
    public EntryWriter? OpenWriter(CacheEntry entry, long? contentLength)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return _file is { IsUsable: true, Session: { } session } && (contentLength ?? 0) <= _options.MaxBytes / 2
            ? new SqliteEntryWriter(this, session.Writer, entry, session.NextId())
            : null;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> UpdateAsync(CacheEntry entry, CacheEntry freshened)
    {
        var isThere = false;
        return IsAvailable && await TryDoAsync(tables => isThere = tables.Update(freshened)) && isThere;
    }

    /// <inheritdoc/>
    /// <remarks>Queues the removal behind the work that is queued already. No caller waits for the disk.</remarks>
    public ValueTask RemoveAsync(CacheEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        _file?.Session?.Writer.Queue(tables => tables.DeleteSerial(entry.Serial));
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask RemoveAllAsync(CacheKey key) => await TryDoAsync(tables => tables.DeleteKey(key));

    /// <inheritdoc/>
    public async ValueTask ClearAsync()
    {
        // Deletes in steps, so that no other work waits long. The purge of everything has already made all entries misses.
        var last = _file?.Session?.NextId() ?? 0;
        for (var isMore = true; isMore && IsAvailable; )
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

        if (_file is { } file)
        {
            // Tries a last time to write the missed purges, so that purged entries do not come back after a restart.
            await (file is { Session: not null, Purges.HasUnwritten: true } ? file.RecoverAsync() : Task.CompletedTask);
            await (IsAvailable ? TryDoAsync(tables => tables.MarkClean()) : default);
            await file.DisposeAsync();
        }
    }

    /// <summary>Reads while other work may write. Returns default if the read fails.</summary>
    internal async ValueTask<T?> ReadAsync<T>(Func<SqliteReader, T> read)
    {
        if (_file is not { IsUsable: true, Session: { } session })
        {
            return default;
        }

        try
        {
            return await session.ReadAsync(read);
        }
        catch (Exception failure) when (failure is SqliteException or ObjectDisposedException || SqliteFile.IsDamage(failure))
        {
            Interlocked.Increment(ref _readFailures);
            if (failure is SqliteException { SqliteExtendedErrorCode: var code } && !SqliteFile.IsDamage(failure))
            {
                Log.ReadingFailed(_logger, _options.Path, code, failure.Message);
            }

            return default;
        }
    }

    /// <summary>Does some work with the writer, and waits for it. Returns false if the work fails, which is logged.</summary>
    internal async ValueTask<bool> TryDoAsync(Action<SqliteTables> work)
    {
        try
        {
            if (_file?.Session is not { } session)
            {
                return false;
            }

            await session.Writer.DoAsync(work);
            return true;
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            _file?.Break(failure);
            return false;
        }
    }

    private void Sweep()
    {
        if (_file is not { IsUsable: true, Session: { } session })
        {
            _ = _file?.RecoverAsync();
            return;
        }

        var (used, now) = (session.TakeUsed(1000), Now);
        session.Writer.TryQueue(
            0,
            tables =>
            {
                used.ForEach(entry => tables.Use(entry.Key, entry.Value));
                tables.DeleteExpired(now - _options.StaleRetention, 100);
                tables.Shrink();
            }
        );
    }
}
