using System.Collections.Concurrent;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Stores;
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
    private readonly SteadyClock _clock;
    private readonly ILogger<SqliteStore> _logger;
    private readonly ConcurrentDictionary<long, long> _used = new();
    private readonly FileStream? _lock;
    private readonly SqlitePurges? _purges;
    private readonly ITimer? _sweeps;
    private readonly Lock _replacing = new();
    private volatile SqliteSession? _session;
    private volatile bool _isDisposed;
    private volatile bool _isBroken;
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
        _time = time;
        _clock = new SteadyClock(time);
        _logger = logger;
        if (held is null || session is null)
        {
            return;
        }

        _lock = held;
        _session = session;
        _purges = new SqlitePurges(held, session.Epoch, session.LastNumber);
        SharedSecret = session.Secret;
        _ = ReplaceWhenDamagedAsync(session);
        _sweeps = time.CreateTimer(_ => Sweep(), null, SweepInterval, SweepInterval);
    }

    /// <inheritdoc/>
    public bool IsAvailable => _session is not null && !_isBroken;

    /// <inheritdoc/>
    public IFetchLeases? Leases => null;

    /// <inheritdoc/>
    public byte[]? SharedSecret { get; }

    /// <summary>How many entries were not written, because too much waited or writing failed.</summary>
    public long Dropped => _session?.Writer.Dropped ?? 0;

    /// <summary>How many reads failed.</summary>
    public long ReadFailures => Volatile.Read(ref _readFailures);

    /// <summary>How many rows could not be read, and were removed.</summary>
    public long DamagedRows => Volatile.Read(ref _damagedRows);

    /// <summary>What the entries take, in bytes.</summary>
    public long HeldBytes => _session?.Writer.TotalBytes ?? 0;

    internal DateTimeOffset Now => _clock.Now;

    /// <summary>
    /// Opens the file, or makes it. One of ours that is damaged is set aside, one of another version emptied; one that cannot be used
    /// leaves a store that keeps nothing.
    /// </summary>
    /// <exception cref="RefusedFileException">The path leads to what is not ours; nothing was touched.</exception>
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
        if (_purges is not { } purges || _session is not { } session)
        {
            return;
        }

        try
        {
            sink.Load(await purges.ReadAsync(session.Writer));
        }
        catch (Exception failure) when (SqliteFile.IsDamage(failure))
        {
            // The purges cannot be read: what they matter to goes with them.
            sink.Load(new JournalState(purges.Last, purges.Last.Number, []));
        }
    }

    /// <inheritdoc/>
    public async ValueTask<LogPosition> AppendAsync(Purge purge)
    {
        ArgumentNullException.ThrowIfNull(purge);
        try
        {
            return await (_purges ?? throw new PurgeNotPropagatedException("The file of the cache cannot be used.")).AppendAsync(
                _session?.Writer,
                purge,
                Now
            );
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
            if (row.Stored is not { } stored)
            {
                Interlocked.Increment(ref _damagedRows);
                _session?.Writer.Queue(tables => tables.DeleteRow(row.Id));
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
                _used[row.Id] = Now.UtcTicks;
            }
        }

        return entries;
    }

    /// <inheritdoc/>
    public EntryWriter? OpenWriter(CacheEntry entry, long? contentLength)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return !_isBroken && _session is { } session && (contentLength ?? 0) <= _options.MaxBytes / 2
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
    /// <remarks>After all that is queued before it; nobody waits for the disk.</remarks>
    public ValueTask RemoveAsync(CacheEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        _session?.Writer.Queue(tables => tables.DeleteSerial(entry.Serial));
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask RemoveAllAsync(CacheKey key) => await TryDoAsync(tables => tables.DeleteKey(key));

    /// <inheritdoc/>
    public async ValueTask ClearAsync()
    {
        // In steps, so that nobody waits long. A purge of everything has ended them all before the first.
        var last = _session?.NextId() ?? 0;
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

        if (_session is not null)
        {
            // A last time, so that what was purged is not there again after a restart.
            await (_purges!.HasUnwritten ? RecoverAsync() : Task.CompletedTask);
            await (IsAvailable ? TryDoAsync(tables => tables.MarkClean()) : default);
        }

        lock (_replacing)
        {
            _isDisposed = true;
        }

        await (Interlocked.Exchange(ref _session, null)?.DisposeAsync() ?? default);
        _lock?.Dispose();
    }

    /// <summary>Reads, beside whatever is written; default where that fails.</summary>
    internal async ValueTask<T?> ReadAsync<T>(Func<SqliteReader, T> read)
    {
        if (_isBroken || _session is not { } session)
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

    /// <summary>Does some work and waits for it; false where it fails, which is logged.</summary>
    internal async ValueTask<bool> TryDoAsync(Action<SqliteTables> work)
    {
        try
        {
            if (_session is not { } session)
            {
                return false;
            }

            await session.Writer.DoAsync(work);
            return true;
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            Break(failure);
            return false;
        }
    }

    // A file that turns out to be damaged is set aside at once. The next one goes on where it ends: what is in the memory stays valid, and
    // nothing that the damaged one held is believed.
    private async Task ReplaceWhenDamagedAsync(SqliteSession session)
    {
        var failure = await session.Damage;
        if (Interlocked.CompareExchange(ref _session, null, session) != session)
        {
            return;
        }

        session.Abandon();
        try
        {
            await session.DisposeAsync();
            Replace(failure.Message);
        }
        catch (Exception again) when (again is SqliteException or IOException or UnauthorizedAccessException)
        {
            // Tried again with the next sweep.
            Log.Unusable(_logger, _options.Path, (again as SqliteException)?.SqliteExtendedErrorCode ?? 0, again.Message);
        }
    }

    private void Replace(string reason)
    {
        lock (_replacing)
        {
            if (_session is not null || _isDisposed)
            {
                return;
            }

            var last = _purges!.Last;
            FileLifecycle.SetAside(_options.Path, reason, Now, _logger);
            if (
                SqliteSession.Open(
                    _options,
                    _time,
                    _logger,
                    new SqliteBeginning(last.Epoch, last.Number, SharedSecret),
                    endsEpoch: false
                ) is
                { } session
            )
            {
                _used.Clear();
                _session = session;
                _isBroken = _purges.HasUnwritten;
                _ = ReplaceWhenDamagedAsync(session);
            }
        }
    }

    private void Break(Exception failure)
    {
        if (!_isBroken && !SqliteFile.IsDamage(failure) && _session is not null)
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
            if (_session is not { } session)
            {
                Replace("it could not be opened");
            }
            else
            {
                await _purges!.WriteMissedAsync(session.Writer);
                _isBroken = _purges.HasUnwritten;
            }
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            Break(failure);
        }
    }

    private void Sweep()
    {
        if (_isBroken || _session is not { } session)
        {
            _ = RecoverAsync();
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
        session.Writer.TryQueue(
            0,
            tables =>
            {
                used.ForEach(entry => tables.Use(entry.Key, entry.Value));
                tables.DeleteExpired(now, 100);
                tables.Shrink();
            }
        );
    }
}
