using CachingProxy.Core.Entries;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Sqlite;

/// <summary>
/// The file that is in use now. A damaged file is set aside and replaced. A file that cannot be written is not read either, until the
/// purges that were missed meanwhile are written to it. Safe for any number of threads.
/// </summary>
internal sealed class CurrentFile : IAsyncDisposable
{
    private readonly SqliteStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly SteadyClock _clock;
    private readonly ILogger _logger;
    private readonly FileStream _lock;
    private readonly byte[] _secret;
    private readonly Lock _replacing = new();
    private volatile SqliteSession? _session;
    private volatile bool _isDisposed;
    private volatile bool _isBroken;

    /// <summary>Begins with an open file.</summary>
    /// <param name="options">Where the file is.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Receives a message when the file becomes unusable or is set aside.</param>
    /// <param name="held">The lock file, which keeps other processes away.</param>
    /// <param name="session">The open file.</param>
    public CurrentFile(SqliteStoreOptions options, TimeProvider time, ILogger logger, FileStream held, SqliteSession session)
    {
        _options = options;
        _time = time;
        _clock = new SteadyClock(time);
        _logger = logger;
        _lock = held;
        _session = session;
        _secret = session.Secret;
        Purges = new SqlitePurges(held, session.Epoch, session.LastNumber);
        _ = ReplaceWhenDamagedAsync(session);
    }

    /// <summary>The open file; null while there is none.</summary>
    public SqliteSession? Session => _session;

    /// <summary>The log of purges, which continues from one file to the next.</summary>
    public SqlitePurges Purges { get; }

    /// <summary>Tells whether the file is read and written.</summary>
    public bool IsUsable => _session is not null && !_isBroken;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        lock (_replacing)
        {
            _isDisposed = true;
        }

        await (Interlocked.Exchange(ref _session, null)?.DisposeAsync() ?? default);
        _lock.Dispose();
    }

    // A file that turns out to be damaged is set aside at once. The next file continues its log: entries in memory stay valid, and no
    // content of the damaged file is trusted.
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

            var last = Purges.Last;
            FileLifecycle.SetAside(_options.Path, reason, _clock.Now, _logger);
            if (
                SqliteSession.Open(_options, _time, _logger, new SqliteBeginning(last.Epoch, last.Number, _secret), endsEpoch: false) is
                { } session
            )
            {
                _session = session;
                _isBroken = Purges.HasUnwritten;
                _ = ReplaceWhenDamagedAsync(session);
            }
        }
    }

    /// <summary>Stops using the file after a failed write, until the missed purges are written.</summary>
    public void Break(Exception failure)
    {
        if (!_isBroken && !SqliteFile.IsDamage(failure) && _session is not null)
        {
            _isBroken = true;
            Log.Unusable(_logger, _options.Path, (failure as SqliteException)?.SqliteExtendedErrorCode ?? 0, failure.Message);
        }
    }

    /// <summary>Tries again to write the missed purges, or to open a file: a full disk may have room later.</summary>
    public async Task RecoverAsync()
    {
        try
        {
            if (_session is not { } session)
            {
                Replace("it could not be opened");
            }
            else
            {
                await Purges.WriteMissedAsync(session.Writer);
                _isBroken = Purges.HasUnwritten;
            }
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            Break(failure);
        }
    }
}
