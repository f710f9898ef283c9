using System.Collections.Concurrent;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Purging;

namespace CachingProxy.Sqlite;

/// <summary>
/// The log of purges in the file. What could not be written is kept until it can be, and a mark beside the file says so: where that is set when the file is
/// opened again, another epoch begins. Safe for any number of threads.
/// </summary>
internal sealed class SqlitePurges
{
    private const int MaxPurges = 100_000;
    private const byte Unwritten = (byte)'!';

    private readonly SqliteWriter _writer;
    private readonly FileStream _mark;
    private readonly long _epoch;
    private readonly ConcurrentQueue<(Purge Purge, long Number, DateTimeOffset At)> _unwritten = new();
    private long _lastNumber;

    /// <summary>The log of a file whose epoch was ended, if it had to be.</summary>
    /// <param name="writer">What writes.</param>
    /// <param name="mark">The file beside that of the cache; its first byte is the mark, which a full disk takes.</param>
    /// <param name="epoch">Which log it is.</param>
    /// <param name="lastNumber">The number of the last purge, or of the last position that an entry has.</param>
    public SqlitePurges(SqliteWriter writer, FileStream mark, long epoch, long lastNumber) =>
        (_writer, _mark, _epoch, _lastNumber) = (writer, mark, epoch, lastNumber);

    /// <summary>Whether some could not be written yet.</summary>
    public bool HasUnwritten => !_unwritten.IsEmpty;

    /// <summary>Whether some could not be written before the process ended: the epoch has to end.</summary>
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

    /// <summary>What the log holds.</summary>
    public async Task<JournalState> ReadAsync()
    {
        var purges = new List<(long, DateTimeOffset, Purge)>();
        var horizon = 0L;
        await _writer.DoAsync(tables => (horizon, purges) = tables.ReadPurges());
        return new JournalState(new LogPosition(_epoch, Volatile.Read(ref _lastNumber)), horizon, purges);
    }

    /// <summary>Writes a purge down.</summary>
    /// <exception cref="Exception">It could not be written, and is written later.</exception>
    public async Task<LogPosition> AppendAsync(Purge purge, DateTimeOffset now)
    {
        var number = Interlocked.Increment(ref _lastNumber);
        try
        {
            await _writer.DoAsync(tables => Write(tables, purge, number, now));
            return new LogPosition(_epoch, number);
        }
        catch
        {
            _unwritten.Enqueue((purge, number, now));
            Mark(_mark, isUnwritten: true);
            throw;
        }
    }

    /// <summary>Writes what could not be written.</summary>
    /// <exception cref="Exception">It still cannot.</exception>
    public async Task WriteMissedAsync()
    {
        while (_unwritten.TryPeek(out var missed))
        {
            await _writer.DoAsync(tables => Write(tables, missed.Purge, missed.Number, missed.At));
            _unwritten.TryDequeue(out _);
        }

        // Whatever was wrong, it can be written again.
        await _writer.DoAsync(_ => { });
        Mark(_mark, isUnwritten: false);
    }

    private static void Write(SqliteTables tables, Purge purge, long number, DateTimeOffset at)
    {
        if (purge is { Kind: PurgeKind.Url, IsSoft: false })
        {
            // Its entries go, and with them what it would be remembered for.
            tables.DeleteKey(new CacheKey(purge.Authority, purge.Text));
            return;
        }

        tables.Insert(purge, number, at);
        tables.CompactPurges(MaxPurges);
    }
}
