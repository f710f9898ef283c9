namespace CachingProxy.Redis;

/// <summary>
/// The scripts that Redis runs in one step on the log of purges. KEYS: the epoch, the stream, and for a hard purge of a URL the purges
/// whose entries may be there still. ARGV[1] to ARGV[5]: a new epoch, the epoch to end, the channel, and the last item that the caller
/// knows of, as its epoch and id.
/// </summary>
internal static class PurgeScripts
{
    // Begins another epoch where the stream or the epoch is missing, where the caller wants to end the epoch (ARGV[2]), and where an older
    // copy of the stream was restored, without the last item that this node knows of (ARGV[5], of the epoch ARGV[4]).
    private const string Ensure = """
        local epoch = redis.call('GET', KEYS[1])
        local first = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
        local function hasGoneBack()
          if epoch ~= ARGV[4] or #redis.call('XRANGE', KEYS[2], ARGV[5], ARGV[5]) > 0 then return false end
          local time, number = string.match(first[1], '(%d+)-(%d+)')
          local knownTime, knownNumber = string.match(ARGV[5], '(%d+)-(%d+)')
          if time ~= knownTime then return tonumber(time) < tonumber(knownTime) end
          return tonumber(number) < tonumber(knownNumber)
        end
        if not epoch or not first or epoch == ARGV[2] or hasGoneBack() then
          epoch = ARGV[1]
          redis.call('DEL', KEYS[2])
          redis.call('SET', KEYS[1], epoch)
          redis.call('XADD', KEYS[2], '*', 'kind', 'begin')
          redis.call('PUBLISH', ARGV[3], 'epoch')
        end
        """;

    /// <summary>Returns the epoch, the last item, the first item and its kind.</summary>
    public const string Look =
        Ensure
        + """

            first = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
            local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
            return {epoch, last[1], first[1], first[2][2]}
            """;

    // A hard purge of a URL is noted in KEYS[3] until its entries are removed: the entries are in another slot of a cluster, and the node
    // that removes them may end in between.
    /// <summary>Adds a purge, tells the other nodes, and returns the epoch and the id.</summary>
    public const string Append =
        Ensure
        + """

            local id = redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[6], '*',
                'kind', ARGV[7], 'authority', ARGV[8], 'text', ARGV[9], 'soft', ARGV[10])
            if KEYS[3] then redis.call('HSET', KEYS[3], id, ARGV[8] .. '\n' .. ARGV[9]) end
            redis.call('PUBLISH', ARGV[3], table.concat({epoch, id, ARGV[7], ARGV[10], ARGV[8], ARGV[9]}, '\n'))
            return {epoch, id}
            """;
}
