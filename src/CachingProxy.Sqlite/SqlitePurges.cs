using System.Collections.Concurrent;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Stores;

namespace CachingProxy.Sqlite;

/// <summary>
/// The log of purges in the file. Purges that could not be written are kept until they can be, and a mark beside the file says so: where
/// the mark is set when the file is opened again, another epoch begins. The log outlives a damaged file: the next file goes on with its
/// numbers. Safe for any number of threads.
/// </summary>
/// <param name="mark">The file beside that of the cache; its first byte is the mark, which a full disk takes.</param>
/// <param name="epoch">Which log it is.</param>
/// <param name="lastNumber">The number of the last purge, or of the last position that an entry has.</param>
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

    /// <summary>Tells whether purges were still unwritten when the process ended: the epoch then has to end.</summary>
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

    /// <summary>Returns what the log holds.</summary>
    public async Task<JournalState> ReadAsync(SqliteWriter writer)
    {
        var purges = new List<(long, DateTimeOffset, Purge)>();
        var horizon = 0L;
        await writer.DoAsync(tables => (horizon, purges) = tables.ReadPurges());
        return new JournalState(Last, horizon, purges);
    }

    /// <summary>Writes a purge down. It has its number in any case, so that this log and that of the memory stay in step.</summary>
    /// <param name="writer">What writes; null while there is no file.</param>
    /// <param name="purge">The purge.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="Exception">It could not be written, and is written later.</exception>
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

    /// <summary>Writes what could not be written.</summary>
    /// <exception cref="Exception">It still cannot.</exception>
    public async Task WriteMissedAsync(SqliteWriter writer)
    {
        while (_unwritten.TryPeek(out var missed))
        {
            await writer.DoAsync(tables => Write(tables, missed.Purge, missed.Number, missed.At));
            _unwritten.TryDequeue(out _);
        }

        // Whatever was wrong, it can be written again.
        await writer.DoAsync(_ => { });
        Mark(mark, isUnwritten: false);
    }

    private static void Write(SqliteTables tables, Purge purge, long number, DateTimeOffset at)
    {
        if (purge is { Kind: PurgeKind.Url, IsSoft: false })
        {
            // The entries of the URL go, and with them the reason to remember the purge.
            tables.DeleteKey(new CacheKey(purge.Authority, purge.Text));
            return;
        }

        tables.Insert(purge, number, at);
        tables.CompactPurges(MaxPurges);
    }
}
