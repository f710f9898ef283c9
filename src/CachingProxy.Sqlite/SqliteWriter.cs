using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Sqlite;

/// <summary>
/// The only writer of the file. Queues work in order, and does it in the background, in transactions of many pieces. When too much work
/// waits, or after a write has failed, entries are dropped, and the dropped entries are counted. Safe for any number of threads.
/// </summary>
internal sealed class SqliteWriter : IAsyncDisposable
{
    /// <summary>The time after a failure, such as a full disk, during which no new entries are queued.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    // Measured: larger transactions are slower, and hold up callers that wait for a purge.
    private const int MaxPiecesPerTransaction = 100;
    private const long MaxBytesPerTransaction = 2 << 20;

    // After each transaction, this many steps of deleting old entries may run even while other work waits.
    private const int MinSteps = 8;

    private readonly Channel<Piece> _queue = Channel.CreateUnbounded<Piece>(new UnboundedChannelOptions { SingleReader = true });
    private readonly SqliteTables _tables;
    private readonly SqliteStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Task _running;
    private readonly TaskCompletionSource<Exception> _damage = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isAbandoned;
    private long _queuedBytes;
    private long _dropped;
    private long _pausedUntil;

    public SqliteWriter(SqliteTables tables, SqliteStoreOptions options, TimeProvider time, ILogger logger)
    {
        _tables = tables;
        _options = options;
        _time = time;
        _logger = logger;
        _running = Task.Run(RunAsync);
    }

    /// <summary>The number of entries that were not written.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>The bytes of all entries, as of the last transaction.</summary>
    public long TotalBytes { get; private set; }

    /// <summary>A task that ends when the file turns out to be damaged, with the exception that showed it.</summary>
    public Task<Exception> Damage => _damage.Task;

    /// <summary>Stops doing the queued work: callers that wait for a piece of it get an exception.</summary>
    public void Abandon() => _isAbandoned = true;

    /// <summary>Queues work that no caller waits for. Returns false where too much work waits already, or writing is paused.</summary>
    public bool TryQueue(long bytes, Action<SqliteTables> work)
    {
        if (IsPaused || !TryTake(bytes))
        {
            Interlocked.Increment(ref _dropped);
            return false;
        }

        return _queue.Writer.TryWrite(new Piece(work, bytes, null));
    }

    /// <summary>Queues work that is never refused, however much work waits already. No caller waits for it.</summary>
    public void Queue(Action<SqliteTables> work) => _queue.Writer.TryWrite(new Piece(work, 0, null));

    /// <summary>Queues work that is never refused, however much work waits already, and waits until it is committed.</summary>
    /// <exception cref="SqliteException">The work failed; it may also fail with other exceptions.</exception>
    /// <exception cref="ChannelClosedException">The store is closed.</exception>
    public async Task DoAsync(Action<SqliteTables> work)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await _queue.Writer.WriteAsync(new Piece(work, 0, done));
        await done.Task;
    }

    /// <summary>Finishes what is queued, and closes the file properly.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_queue.Writer.TryComplete())
        {
            await _running;
            _tables.Dispose();
        }
    }

    private bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _queuedBytes, bytes) <= _options.MaxQueuedBytes)
        {
            return true;
        }

        Interlocked.Add(ref _queuedBytes, -bytes);
        return false;
    }

    private bool IsPaused => Volatile.Read(ref _pausedUntil) is > 0 and var until && _time.GetUtcNow().UtcTicks < until;

    private async Task RunAsync()
    {
        while (await _queue.Reader.WaitToReadAsync())
        {
            var pieces = new List<Piece>();
            var bytes = 0L;
            while (pieces.Count < MaxPiecesPerTransaction && bytes < MaxBytesPerTransaction && _queue.Reader.TryRead(out var piece))
            {
                pieces.Add(piece);
                bytes += piece.Bytes;
            }

            Run(pieces);
            Interlocked.Add(ref _queuedBytes, -bytes);
            if (!_isAbandoned)
            {
                MakeRoom();
            }

            TotalBytes = _tables.TotalBytes;
        }
    }

    private void Run(List<Piece> pieces)
    {
        try
        {
            if (_isAbandoned)
            {
                throw new InvalidOperationException("The file is given up.");
            }

            _tables.InTransaction(() => pieces.ForEach(piece => piece.Work(_tables)));
            pieces.ForEach(piece => piece.Done?.SetResult());
        }
        catch (Exception failure)
        {
            // Any exception ends these pieces, but not the writer: purges wait for the writer.
            OnFailure(failure);
            Interlocked.Add(ref _dropped, pieces.Count(piece => piece.Done is null));
            if (pieces.Count == 1)
            {
                pieces[0].Done?.SetException(failure);
                return;
            }

            // Work that a caller waits for is tried once more, by itself.
            pieces.FindAll(piece => piece.Done is not null).ForEach(piece => Run([piece]));
        }
    }

    // Works in steps, so that a purge waits for a few of them at most. Meanwhile the entries may take a little more than the bound.
    private void MakeRoom()
    {
        try
        {
            for (var step = 0; _tables.TotalBytes - _options.MaxBytes is var excess and > 0; step++)
            {
                if (step >= MinSteps && _queue.Reader.Count > 0 && excess < _options.MaxBytes / 20)
                {
                    return;
                }

                var isEmpty = false;
                _tables.InTransaction(() => isEmpty = !_tables.DeleteOldest(20));
                if (isEmpty)
                {
                    return;
                }
            }
        }
        catch (Exception failure)
        {
            OnFailure(failure);
        }
    }

    private void OnFailure(Exception failure)
    {
        if (SqliteFile.IsDamage(failure))
        {
            _damage.TrySetResult(failure);
        }

        if (!IsPaused && !_isAbandoned)
        {
            Log.WritingFailed(_logger, _options.Path, (failure as SqliteException)?.SqliteExtendedErrorCode ?? 0, failure.Message, Pause);
        }

        Volatile.Write(ref _pausedUntil, (_time.GetUtcNow() + Pause).UtcTicks);
    }

    /// <summary>A piece of work, its size, and the completion that its caller waits for; null where no caller waits.</summary>
    private sealed record Piece(Action<SqliteTables> Work, long Bytes, TaskCompletionSource? Done);
}
