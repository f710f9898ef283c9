namespace CachingProxy.Redis;

/// <summary>What Redis does with entries in one step. KEYS: the entries of the URI, its last purge, the epoch. ARGV: epoch, time and sequence of the entry, its time to live.</summary>
internal static class EntryScripts
{
    /// <summary>Removes what is there if it is still ours.</summary>
    public const string Release = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) else return 0 end";

    // Nothing is written that was fetched in another epoch, or before the last purge of its URL: late, queued, or by a node that has not heard of it.
    private const string IsCurrent = """
        if redis.call('GET', KEYS[3]) ~= ARGV[1] then return 0 end
        local purged = redis.call('GET', KEYS[2])
        if purged then
          local time, sequence = string.match(purged, '(%d+)%-(%d+)')
          time, sequence = tonumber(time), tonumber(sequence)
          if time > tonumber(ARGV[2]) or (time == tonumber(ARGV[2]) and sequence > tonumber(ARGV[3])) then return 0 end
        end
        """;

    /// <summary>The heads of all entries of a URI.</summary>
    public const string Heads = """
        local heads = {}
        for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
          if string.sub(name, 1, 2) == 'h:' then heads[#heads + 1] = redis.call('HGET', KEYS[1], name) end
        end
        return heads
        """;

    /// <summary>Makes an entry be found: ARGV[5] fields are removed, the others set. They are set first: a server that is full refuses a script's first write alone.</summary>
    public const string Put = IsCurrent + """

        local removed = tonumber(ARGV[5])
        for i = 6 + removed, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
        for i = 6, 5 + removed do redis.call('HDEL', KEYS[1], ARGV[i]) end
        if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[4]) then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
        return 1
        """;

    /// <summary>Replaces a head if its entry is still there.</summary>
    public const string Replace = IsCurrent + """

        if redis.call('HEXISTS', KEYS[1], ARGV[5]) == 0 then return 0 end
        redis.call('HSET', KEYS[1], ARGV[5], ARGV[6])
        if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[4]) then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
        return 1
        """;
}
