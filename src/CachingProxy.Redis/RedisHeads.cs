using CachingProxy.Core.Entries;
using CachingProxy.Core.Stores;
using StackExchange.Redis;

namespace CachingProxy.Redis;

/// <summary>
/// Writes the heads of entries. One hash holds all heads of one URI, each with the content of its entry if the content is small.
/// </summary>
/// <param name="keys">The names of keys.</param>
/// <param name="connection">The connection.</param>
/// <param name="clock">The clock.</param>
/// <param name="options">The timeout of writes, and how long stale entries are kept.</param>
internal sealed class RedisHeads(RedisKeys keys, RedisConnection connection, SteadyClock clock, RedisStoreOptions options)
{
    /// <summary>Returns the names of the fields of an entry in the hash of its URI.</summary>
    public static RedisValue[] FieldsOf(CacheEntry entry) => [RedisKeys.Head(entry.Serial), RedisKeys.Body(entry.Serial)];

    /// <summary>Returns how long an entry is worth keeping from now on.</summary>
    public TimeSpan TimeToLive(CacheEntry entry) => entry.WorthKeepingUntil + options.StaleRetention - clock.Now;

    /// <summary>
    /// Writes a head, so that look-ups find its entry, and removes the entries it replaces. Returns false where Redis does not take the
    /// head.
    /// </summary>
    public async Task<bool> WriteAsync(CacheEntry entry, byte[]? body, long length)
    {
        var name = keys.Entries(entry.Key);
        var (isRead, heads) = await connection.TryAsync(
            name,
            database => database.ScriptEvaluateAsync(EntryScripts.Heads, [name], null, CommandFlags.NoScriptCache),
            timeout: options.PurgeTimeout
        );
        if (!isRead)
        {
            return false;
        }

        var siblings = ((RedisValue[]?)heads ?? [])
            .Select(head => (byte[]?)head is { } bytes ? EntryFormat.Read(bytes)?.Entry : null)
            .OfType<CacheEntry>()
            .Where(other => other.Key == entry.Key)
            .OrderBy(other => other.ReceivedAt)
            .ToList();
        if (Replacement.Replaced(entry, siblings) is not { } replaced)
        {
            return true;
        }

        var head = EntryFormat.Write(entry, length);
        var timeToLive = TimeToLive(entry);
        if (timeToLive <= TimeSpan.Zero)
        {
            return true;
        }

        foreach (var sibling in siblings.Except(replaced))
        {
            timeToLive = TimeToLive(sibling) is var other && other > timeToLive ? other : timeToLive;
        }

        RedisValue[] removed = [.. replaced.Where(other => other.Serial != entry.Serial).SelectMany(FieldsOf)];
        RedisValue[] set =
        [
            RedisKeys.Head(entry.Serial),
            head,
            .. body is null ? [] : (RedisValue[])[RedisKeys.Body(entry.Serial), SealedContent.Seal(entry.Serial, -1, body)],
        ];
        var (isDone, answer) = await connection.TryAsync(
            name,
            database => EvaluateAsync(database, EntryScripts.Put, entry, timeToLive, [removed.Length, .. removed, .. set]),
            head.Length + (body?.Length ?? 0),
            options.PurgeTimeout
        );
        return isDone && (long)answer == 1;
    }

    /// <summary>Runs a script that writes the head of an entry, unless the entry was purged since.</summary>
    public Task<RedisResult> EvaluateAsync(IDatabase database, string script, CacheEntry entry, TimeSpan timeToLive, RedisValue[] values)
    {
        var (time, sequence) = PurgeStream.PartsOf(entry.Position.Number);
        return database.ScriptEvaluateAsync(
            script,
            [keys.Entries(entry.Key), keys.PurgedUrl(entry.Key)],
            [entry.Position.Epoch, time, sequence, (long)timeToLive.TotalMilliseconds, .. values],
            CommandFlags.NoScriptCache
        );
    }
}
