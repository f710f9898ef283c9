namespace CachingProxy.Redis;

/// <summary>
/// The scripts that Redis runs in one step on the entries of one URI. KEYS: its entries, its last purge. ARGV[1] to ARGV[3]: epoch, time
/// and sequence of the position of the entry or purge to write. <see cref="Release"/> gets a lease and its token instead.
/// </summary>
internal static class EntryScripts
{
    /// <summary>Removes a lease if it is still ours.</summary>
    public const string Release = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) else return 0 end";

    // Tells whether Redis remembers a purge of the URL that is later than a position of the same epoch; with orAt, a purge at that position
    // counts too. The id of a purge is two numbers. A remembered purge of another epoch does not count, because an entry of an earlier
    // epoch is a miss wherever it is read.
    private const string PurgedAfter = """
        local function purgedAfter(time, sequence, orAt)
          local purged = redis.call('GET', KEYS[2])
          local epoch, purgedTime, purgedSequence = string.match(purged or '', '^(%d+):(%d+)%-(%d+)$')
          if epoch ~= ARGV[1] then return false end
          purgedTime, purgedSequence = tonumber(purgedTime), tonumber(purgedSequence)
          if purgedTime ~= time then return purgedTime > time end
          return purgedSequence > sequence or (orAt and purgedSequence == sequence)
        end

        """;

    // Refuses an entry that was fetched before the last purge of its URL: a late or queued write, or one of a node that has not heard of
    // the purge.
    private const string IsCurrent =
        PurgedAfter
        + """
            if purgedAfter(tonumber(ARGV[2]), tonumber(ARGV[3]), false) then return 0 end

            """;

    /// <summary>Returns the heads of all entries of a URI.</summary>
    public const string Heads = """
        local heads = {}
        for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
          if string.sub(name, 1, 2) == 'h:' then heads[#heads + 1] = redis.call('HGET', KEYS[1], name) end
        end
        return heads
        """;

    /// <summary>
    /// Writes an entry, so that look-ups find it: sets its fields, then removes fields of other entries, as many as ARGV[5] says. Setting
    /// comes first, because a full server refuses only the first write of a script.
    /// </summary>
    public const string Put =
        IsCurrent
        + """
            local removed = tonumber(ARGV[5])
            for i = 6 + removed, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
            for i = 6, 5 + removed do redis.call('HDEL', KEYS[1], ARGV[i]) end
            if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[4]) then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
            return 1
            """;

    /// <summary>Replaces a head if its entry is still there.</summary>
    public const string Replace =
        IsCurrent
        + """
            if redis.call('HEXISTS', KEYS[1], ARGV[5]) == 0 then return 0 end
            redis.call('HSET', KEYS[1], ARGV[5], ARGV[6])
            if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[4]) then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
            return 1
            """;

    /// <summary>
    /// Removes the entries of a purged URL, and remembers the purge for a while. Removes them only once for each purge, even if several
    /// nodes run this script: entries that are stored afterwards may be newer than the purge. ARGV[4]: the time to remember the purge.
    /// </summary>
    public const string Purge =
        PurgedAfter
        + """
            if purgedAfter(tonumber(ARGV[2]), tonumber(ARGV[3]), true) then return 0 end
            redis.call('SET', KEYS[2], ARGV[1] .. ':' .. ARGV[2] .. '-' .. ARGV[3], 'PX', ARGV[4])
            redis.call('DEL', KEYS[1])
            return 1
            """;
}
