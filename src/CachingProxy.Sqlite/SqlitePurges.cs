using System.Collections.Concurrent;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Stores;

namespace CachingProxy.Sqlite;

/// <summary>
/// The log of purges in the file. Purges that could not be written are kept until they can be written. Until then, a mark in a lock file is
/// set. If the mark is still set when the cache file is opened again, another epoch begins. The log outlives a file that is damaged while
/// in use: the next file continues the epoch and the numbers of the log. Safe for any number of threads.
/// </summary>
/// <param name="mark">The lock file next to the file of the cache. Its first byte is the mark, which can be set even when the disk is
/// full.</param>
/// <param name="epoch">The epoch of the log.</param>
/// <param name="lastNumber">The greatest number in the file, among the purges, the positions of entries, and the horizon.</param>
internal sealed class SqlitePurges(FileStream mark, long epoch, long lastNumber)
{
    private const int MaxPurges = 100_000;
    private const byte Unwritten = (byte)'!';

    private readonly ConcurrentQueue<(Purge Purge, long Number, DateTimeOffset At)> _unwritten = new();
    private long _lastNumber = lastNumber;

    /// <summary>Tells whether some purges could not be written yet.</summary>
    public bool HasUnwritten => !_unwritten.IsEmpty;

    /// <summary>The position of the last purge.</summary>
    public LogPosition Last => new(epoch, Volatile.Read(ref _lastNumber));

    /// <summary>Tells whether purges were still unwritten when the process ended. If so, the epoch has to end.</summary>
    public static bool IsMarked(FileStream mark) => mark.Length > 0 && mark.ReadByte() == Unwritten;

    /// <summary>Sets the mark, or takes it away.</summary>
    public static void Mark(FileStream mark, bool isUnwritten)
    {
        lock (mark)
        {
            mark.Position = 0;
            mark.WriteByte(isUnwritten ? Unwritten : (byte)' ');
            mark.Flush();
        }
    }

    /// <summary>Returns the contents of the log.</summary>
    public async Task<JournalState> ReadAsync(SqliteWriter writer)
    {
        var purges = new List<(long, DateTimeOffset, Purge)>();
        var horizon = 0L;
        await writer.DoAsync(tables => (horizon, purges) = tables.ReadPurges());
        return new JournalState(Last, horizon, purges);
    }

    /// <summary>
    /// Writes a purge. The purge gets a number even if it cannot be written, so that this log and the log in memory stay in step.
    /// </summary>
    /// <param name="writer">The writer of the file; null while there is no file.</param>
    /// <param name="purge">The purge.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="Exception">The purge could not be written, and is written later.</exception>
    public async Task<LogPosition> AppendAsync(SqliteWriter? writer, Purge purge, DateTimeOffset now)
    {
        var number = Interlocked.Increment(ref _lastNumber);
        try
        {
            await (writer ?? throw new PurgeNotPropagatedException("The file of the cache cannot be used.")).DoAsync(tables =>
                Write(tables, purge, number, now)
            );
            return new LogPosition(epoch, number);
        }
        catch
        {
            _unwritten.Enqueue((purge, number, now));
            Mark(mark, isUnwritten: true);
            throw;
        }
    }

    /// <summary>Writes the purges that could not be written before.</summary>
    /// <exception cref="Exception">The purges still cannot be written.</exception>
    public async Task WriteMissedAsync(SqliteWriter writer)
    {
        while (_unwritten.TryPeek(out var missed))
        {
            await writer.DoAsync(tables => Write(tables, missed.Purge, missed.Number, missed.At));
            _unwritten.TryDequeue(out _);
        }

        // Even if no purge was missed, a transaction has to succeed before the file can be used again.
        await writer.DoAsync(_ => { });
        Mark(mark, isUnwritten: false);
    }

    private static void Write(SqliteTables tables, Purge purge, long number, DateTimeOffset at)
    {
        if (purge is { Kind: PurgeKind.Url, IsSoft: false })
        {
            // Removes the entries of the URL. After that, the purge need not be remembered.
            tables.DeleteKey(new CacheKey(purge.Authority, purge.Text));
            return;
        }

        tables.Insert(purge, number, at);
        tables.CompactPurges(MaxPurges);
    }
}
