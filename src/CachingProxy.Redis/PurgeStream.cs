using System.Globalization;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Stores;
using StackExchange.Redis;

namespace CachingProxy.Redis;

/// <summary>
/// The stream in Redis that is the log of purges of all nodes. Notices when the server has lost the stream or has gone back to an older
/// copy, and then begins another epoch. Safe for any number of threads.
/// </summary>
internal sealed class PurgeStream(RedisKeys keys, RedisStoreOptions options, RedisConnection connection)
{
    private const int SecretBytes = 32;

    // The id of an item is a time in milliseconds and a sequence number within that millisecond. The number of a position holds the
    // sequence number in its lowest bits.
    private const int SequenceBits = 20;
    private const long MaxSequence = (1 << SequenceBits) - 1;

    // The largest number of ended epochs that are remembered. An epoch ends only when the server loses its log or restores an old copy, so
    // there are few.
    private const int MaxEnded = 10_000;

    private readonly Lock _lock = new();
    private readonly HashSet<long> _ended = [];

    // The last item that was read or written here. A stream of the same epoch has gone back if it lacks this item but begins before this
    // item.
    private (LogPosition Position, string Id) _known = (default, "");

    /// <summary>Returns the two parts of the id of an item, as the scripts compare them.</summary>
    public static (long Time, long Sequence) PartsOf(long number) => (number >> SequenceBits, number & MaxSequence);

    /// <summary>Returns the moment when the item of a number was written.</summary>
    public static DateTimeOffset TimeOf(long number) => DateTimeOffset.FromUnixTimeMilliseconds(number >> SequenceBits);

    /// <summary>
    /// Returns the position of the last item of the stream, and the number after which the stream is complete. The epoch may be one that
    /// this node does not know yet.
    /// </summary>
    /// <exception cref="TimeoutException">Redis does not answer.</exception>
    /// <exception cref="RedisException">It failed.</exception>
    public async Task<(LogPosition Last, long ReachesBackTo)> LookAsync()
    {
        var answer = await EvaluateAsync(PurgeScripts.Look, []);
        if (IsEnded((long)answer[0]))
        {
            answer = await EvaluateAsync(PurgeScripts.Look, [], endedEpoch: (string)answer[0]!);
        }

        // No purge is missing while the stream still has its 'begin' item.
        var last = new LogPosition((long)answer[0], NumberOf((string)answer[1]!));
        Learn(last, (string)answer[1]!);
        return (last, answer[3] == "begin" ? 0 : NumberOf((string)answer[2]!));
    }

    /// <summary>
    /// Appends a purge to the log. Returns its position, which is later than all earlier positions. The epoch may be one that this node
    /// does not know yet.
    /// </summary>
    /// <exception cref="TimeoutException">Redis does not answer.</exception>
    /// <exception cref="RedisException">It failed.</exception>
    public async Task<LogPosition> AppendAsync(Purge purge)
    {
        RedisKey[] open = IsOfUrl(purge) ? [keys.Open] : [];
        var answer = await EvaluateAsync(
            PurgeScripts.Append,
            open,
            "",
            options.MaxPurges,
            (int)purge.Kind,
            purge.Authority,
            purge.Text,
            purge.IsSoft ? 1 : 0
        );
        var position = new LogPosition((long)answer[0], NumberOf((string)answer[1]!));
        lock (_lock)
        {
            if (position.Epoch == _known.Position.Epoch)
            {
                Learn(position, (string)answer[1]!);
            }
        }

        return position;
    }

    /// <summary>
    /// Returns the purge in a notification, and its position. Returns null if the notification announces an epoch instead of a purge, or
    /// was sent by a node of an earlier version.
    /// </summary>
    public static (Purge Purge, LogPosition Position)? ReadNotification(string? text) =>
        text?.Split('\n', 6) is [var epoch, var id, var kind, var soft, var authority, var purged]
        && long.TryParse(epoch, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var epochNumber)
        && int.TryParse(kind, NumberStyles.None, CultureInfo.InvariantCulture, out var kindNumber)
        && TryReadNumber(id, out var number)
            ? (new Purge((PurgeKind)kindNumber, authority, purged, soft == "1"), new LogPosition(epochNumber, number))
            : null;

    /// <summary>
    /// Returns the purges with a number later than <paramref name="after"/>; all purges if <paramref name="after"/> is 0.
    /// </summary>
    /// <exception cref="TimeoutException">Redis does not answer.</exception>
    /// <exception cref="RedisException">It failed.</exception>
    public async Task<List<(long Number, Purge Purge)>> ReadFromAsync(long after)
    {
        var purges = new List<(long, Purge)>();
        var from = after == 0 ? "-" : $"({after >> SequenceBits}-{after & MaxSequence}";
        while (true)
        {
            var start = from;
            var page = (RedisResult[])
                (
                    await connection.CallAsync(
                        database => database.ExecuteAsync("XRANGE", [keys.Purges, start, "+", "COUNT", 1000]),
                        options.PurgeTimeout
                    )
                )!;
            foreach (var item in page)
            {
                var (id, fields) = ((string)((RedisResult[])item!)[0]!, (RedisValue[])((RedisResult[])item!)[1]!);
                from = "(" + id;
                if (fields.Length == 8)
                {
                    purges.Add(
                        (NumberOf(id), new Purge((PurgeKind)(int)fields[1], (string)fields[3]!, (string)fields[5]!, fields[7] == "1"))
                    );
                }
            }

            if (page.Length < 1000)
            {
                return purges;
            }
        }
    }

    /// <summary>Returns true for a hard purge of a URL, which removes entries.</summary>
    public static bool IsOfUrl(Purge purge) => purge is { Kind: PurgeKind.Url, IsSoft: false };

    /// <summary>
    /// Returns the purges of URLs whose entries may not have been removed: the node that appended a purge may have ended before it removed
    /// them.
    /// </summary>
    /// <exception cref="TimeoutException">Redis does not answer.</exception>
    /// <exception cref="RedisException">It failed.</exception>
    public async Task<List<(long Number, Purge Purge)>> ReadOpenAsync()
    {
        var open = new List<(long, Purge)>();
        foreach (var field in await connection.CallAsync(database => database.HashGetAllAsync(keys.Open), options.PurgeTimeout))
        {
            if (((string?)field.Value)?.Split('\n') is [var authority, var text])
            {
                open.Add((NumberOf((string)field.Name!), Purge.Url(new CacheKey(authority, text))));
            }
        }

        return open;
    }

    /// <summary>Records that the entries of a purged URL have been removed.</summary>
    public async Task CloseAsync(long number)
    {
        var (time, sequence) = PartsOf(number);
        await connection.TryAsync(
            keys.Open,
            database => database.HashDeleteAsync(keys.Open, $"{time}-{sequence}"),
            timeout: options.PurgeTimeout
        );
    }

    /// <summary>Returns the secret that all nodes share. Creates the secret if Redis has none.</summary>
    /// <exception cref="TimeoutException">Redis does not answer.</exception>
    /// <exception cref="RedisException">It failed.</exception>
    public async Task<byte[]> SecretAsync()
    {
        await connection.CallAsync(
            database =>
                database.StringSetAsync(
                    keys.Secret,
                    System.Security.Cryptography.RandomNumberGenerator.GetBytes(SecretBytes),
                    when: When.NotExists
                ),
            options.PurgeTimeout
        );
        return
            (byte[]?)await connection.CallAsync(database => database.StringGetAsync(keys.Secret), options.PurgeTimeout)
                is { Length: SecretBytes } secret
            ? secret
            : throw new TimeoutException("The secret that nodes share cannot be read.");
    }

    private static long NumberOf(string id) =>
        TryReadNumber(id, out var number) ? number : throw new FormatException("The id of a purge cannot be read.");

    private static bool TryReadNumber(string id, out long number)
    {
        number = 0;
        if (
            id.Split('-') is not [var milliseconds, var counter]
            || !long.TryParse(milliseconds, NumberStyles.None, CultureInfo.InvariantCulture, out var time)
            || !long.TryParse(counter, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
        )
        {
            return false;
        }

        number = (time << SequenceBits) | Math.Min(sequence, MaxSequence);
        return true;
    }

    private bool IsEnded(long epoch)
    {
        lock (_lock)
        {
            return _ended.Contains(epoch);
        }
    }

    private void Learn(LogPosition position, string id)
    {
        lock (_lock)
        {
            if (position.Epoch != _known.Position.Epoch)
            {
                _ = _ended.Count < MaxEnded && _ended.Add(_known.Position.Epoch);
                _known = (position, id);
            }
            else if (position.Number > _known.Position.Number)
            {
                _known = (position, id);
            }
        }
    }

    private async Task<RedisValue[]> EvaluateAsync(string script, RedisKey[] more, string endedEpoch = "", params object[] values)
    {
        (LogPosition Position, string Id) known;
        lock (_lock)
        {
            known = _known;
        }

        RedisValue[] arguments =
        [
            Random.Shared.NextInt64(),
            endedEpoch,
            (string)keys.Purged!,
            known.Position.Epoch,
            known.Id,
            .. values.Select(value => (RedisValue)value.ToString()),
        ];
        var answer = await connection.CallAsync(
            database => database.ScriptEvaluateAsync(script, [keys.Epoch, keys.Purges, .. more], arguments, CommandFlags.NoScriptCache),
            options.PurgeTimeout
        );
        return (RedisValue[])answer!;
    }
}
