using CachingProxy.Core.Limits;
using StackExchange.Redis;

namespace CachingProxy.Redis;

/// <summary>
/// Counts against limits for all nodes, in one step of Redis and by its clock. Where Redis does not answer in time, nobody knows: the call
/// may have counted all the same, which is one request fewer. Safe for any number of threads.
/// </summary>
/// <param name="keys">The names of keys.</param>
/// <param name="connection">The connection.</param>
internal sealed class RedisRates(RedisKeys keys, RedisConnection connection) : IRateCounter
{
    // KEYS: the moments, the hold. ARGV: a name for this request, then for each limit its count and its window in microseconds. Returns the
    // wait in microseconds, and for each limit how many were counted in its window, and the time until the oldest of them leaves it.
    private const string TryTake = """
        local function number(value) return string.format('%.0f', value) end
        local clock = redis.call('TIME')
        local now = clock[1] * 1000000 + clock[2]
        local wait = math.max(redis.call('PTTL', KEYS[2]), 0) * 1000
        local longest, answer = 0, {0}
        for i = 2, #ARGV, 2 do
          local count, window = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
          longest = math.max(longest, window)
          local nth = redis.call('ZRANGE', KEYS[1], -count, -count, 'WITHSCORES')
          if nth[2] and redis.call('ZCARD', KEYS[1]) >= count then wait = math.max(wait, math.min(nth[2] + window - now, window)) end
        end
        if wait <= 0 and #ARGV > 1 then
          redis.call('ZADD', KEYS[1], number(now), ARGV[1])
          redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', number(now - longest))
          redis.call('PEXPIRE', KEYS[1], math.ceil(longest / 1000))
        end
        answer[1] = math.max(wait, 0)
        for i = 2, #ARGV, 2 do
          local window = tonumber(ARGV[i + 1])
          local first = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. number(now - window), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
          answer[#answer + 1] = redis.call('ZCOUNT', KEYS[1], '(' .. number(now - window), '+inf')
          answer[#answer + 1] = first[2] and first[2] + window - now or 0
        end
        return answer
        """;

    // Lengthens a hold, never shortens it.
    private const string Hold = """
        if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], '1', 'PX', ARGV[1]) end
        return 1
        """;

    private const long TicksPerMicrosecond = TimeSpan.TicksPerMillisecond / 1000;

    /// <inheritdoc/>
    public async ValueTask<RateDecision?> TryTakeAsync(string key, IReadOnlyList<RateLimit> limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        RedisValue[] values =
        [
            Guid.NewGuid().ToString("N"),
            .. limits.SelectMany(limit => (RedisValue[])[limit.Count, limit.Window.Ticks / TicksPerMicrosecond]),
        ];
        var moments = keys.Rate(key);
        var (isDone, answer) = await connection.TryAsync(
            moments,
            database => database.ScriptEvaluateAsync(TryTake, [moments, keys.Hold(key)], values, CommandFlags.NoScriptCache)
        );
        return isDone && (RedisResult[]?)answer is { } numbers ? DecisionOf(numbers, limits) : null;
    }

    /// <inheritdoc/>
    public async ValueTask HoldAsync(string key, TimeSpan time)
    {
        var hold = keys.Hold(key);
        await connection.TryAsync(
            hold,
            database => database.ScriptEvaluateAsync(Hold, [hold], [(long)Math.Ceiling(time.TotalMilliseconds)], CommandFlags.NoScriptCache)
        );
    }

    private static RateDecision DecisionOf(RedisResult[] numbers, IReadOnlyList<RateLimit> limits)
    {
        var wait = Time(numbers[0]);
        var nearest = RateDecision.Unlimited with { IsPermitted = wait == TimeSpan.Zero, RetryAfter = wait };
        for (var i = 0; i < limits.Count; i++)
        {
            var remaining = limits[i].Count - (int)numbers[1 + (2 * i)];
            if (remaining < nearest.Remaining)
            {
                nearest = nearest with { Limit = limits[i], Remaining = remaining, Reset = Time(numbers[2 + (2 * i)]) };
            }
        }

        return nearest;
    }

    private static TimeSpan Time(RedisResult microseconds) => TimeSpan.FromTicks((long)microseconds * TicksPerMicrosecond);
}
