using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Lookup;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using CachingProxy.Core.Purging;
using CachingProxy.Core.Stores.Memory;
using CachingProxy.Redis;
using CachingProxy.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace CachingProxy.Stores.Tests;

/// <summary>What Redis answers is not believed: whatever does not fit is a miss, and never an error.</summary>
public sealed class RedisFaultTests : IDisposable
{
    private static readonly RedisKeys Keys = new("caching-proxy:");
    private static readonly CacheKey A = Some.Key("/a");
    private static readonly CacheKey B = Some.Key("/b");

    private readonly InvalidationLog _log = new(new SteadyClock(TimeProvider.System));
    private RedisServer? _server;

    public void Dispose() => _server?.Dispose();

    [Theory]
    [InlineData("redis.call('HSET', KEYS[1], head(KEYS[1]), 'garbage')")]
    [InlineData("redis.call('HSET', KEYS[1], head(KEYS[1]), '')")]
    [InlineData("redis.call('HSET', KEYS[1], head(KEYS[1]), flipped(redis.call('HGET', KEYS[1], head(KEYS[1])), 100))")]
    [InlineData("redis.call('HSET', KEYS[1], body(KEYS[1]), flipped(redis.call('HGET', KEYS[1], body(KEYS[1])), 100))")]
    [InlineData("redis.call('HSET', KEYS[1], body(KEYS[1]), string.sub(redis.call('HGET', KEYS[1], body(KEYS[1])), 1, 50))")]
    [InlineData("redis.call('HSET', KEYS[1], body(KEYS[1]), '')")]
    [InlineData("redis.call('HDEL', KEYS[1], body(KEYS[1]))")]
    [InlineData("redis.call('HSET', KEYS[1], body(KEYS[1]), redis.call('HGET', KEYS[2], body(KEYS[2])))")]
    [InlineData("redis.call('HSET', KEYS[1], head(KEYS[1]), redis.call('HGET', KEYS[2], head(KEYS[2])))")]
    [InlineData(
        "redis.call('DEL', KEYS[1]) redis.call('HSET', KEYS[1], head(KEYS[2]), redis.call('HGET', KEYS[2], head(KEYS[2])), body(KEYS[2]), redis.call('HGET', KEYS[2], body(KEYS[2])))"
    )]
    [InlineData("redis.call('DEL', KEYS[1]) redis.call('SET', KEYS[1], 'a string')")]
    [InlineData("redis.call('DEL', KEYS[1]) redis.call('HSET', KEYS[1], 'l:1', '9223372036854775807', 'h:zzz', 'x', '\\0', '\\255')")]
    public async Task L03_WhatWasChangedInRedis_IsAMiss_AndTheNextIsStoredAgain(string change)
    {
        await using var store = await OpenAsync();
        await PutAsync(store, A, 1000);
        await PutAsync(store, B, 1000);
        await EvaluateAsync(change);
        Assert.Empty(await store.FindAsync(A));
        Assert.Single(await store.FindAsync(B));
        await _server!.CommandAsync("DEL", Keys.Entries(A)!);
        await PutAsync(store, A, 10);
        Assert.Equal(10, Assert.Single(await store.FindAsync(A)).Body.Length);
    }

    [Fact]
    public async Task L03_AnEntryThatCannotBeRead_IsRemoved_AndCounted()
    {
        await using var store = await OpenAsync();
        await PutAsync(store, A, 1000);
        await EvaluateAsync("redis.call('HSET', KEYS[1], head(KEYS[1]), 'garbage')");
        Assert.Empty(await store.FindAsync(A));
        Assert.Equal(1, store.Damaged);
        Assert.Equal(":0", await _server!.CommandAsync("EXISTS", Keys.Entries(A)!));
    }

    [Theory]
    [InlineData("local c = chunk(KEYS[1], 1) redis.call('SET', chunk(KEYS[1], 0), redis.call('GET', c))")]
    [InlineData("redis.call('SET', chunk(KEYS[1], 0), redis.call('GET', chunk(KEYS[2], 0)))")]
    [InlineData("redis.call('SET', chunk(KEYS[1], 0), flipped(redis.call('GET', chunk(KEYS[1], 0)), 1000))")]
    [InlineData("redis.call('SET', chunk(KEYS[1], 0), 'short')")]
    public async Task L03_ChunksThatWereExchangedOrChanged_BreakOff_AndAreNeverServed(string change)
    {
        await using var store = await OpenAsync();
        await PutAsync(store, A, 600_000, 'a');
        await PutAsync(store, B, 600_000, 'b');
        await EvaluateAsync(change);
        var entry = Assert.Single(await store.FindAsync(A));
        await Assert.ThrowsAsync<OriginException>(() =>
            entry.Body.CopyToAsync(System.IO.Pipelines.PipeWriter.Create(Stream.Null), default).AsTask()
        );
    }

    [Theory]
    [InlineData("/x\r\nFLUSHALL\r\n")]
    [InlineData("/$-1\r\n")]
    [InlineData("/\0")]
    public async Task L01_WhatLooksLikeACommand_IsAKeyLikeAnyOther(string target)
    {
        await using var store = await OpenAsync();
        await PutAsync(store, A, 10);
        await PutAsync(store, Some.Key(target), 10);
        await PutAsync(store, Some.Key("/" + new string('k', 1_000_000)), 10);
        Assert.Single(await store.FindAsync(Some.Key(target)));
        Assert.Single(await store.FindAsync(A));
    }

    [Fact]
    public async Task L07_AnEntryExpiresInRedis_WhenItIsNotWorthKeepingAnyMore()
    {
        await using var store = await OpenAsync();
        var entry = Entry(A) with { Control = CacheControlParser.Parse("max-age=60, stale-if-error=100") };
        await PutAsync(store, entry, 10);
        var milliseconds = int.Parse((await _server!.CommandAsync("PTTL", Keys.Entries(A)!)).TrimStart(':'));
        Assert.InRange(milliseconds, 150_000, 3_700_000);
    }

    [Fact]
    public async Task L10_AnEntryFromTheFuture_IsAMiss()
    {
        await using var store = await OpenAsync();
        var tiers = new TieredStore(
            new MemoryStore(new MemoryStoreOptions { MaxBytes = 0 }),
            store,
            _log,
            new SteadyClock(TimeProvider.System)
        );
        await PutAsync(store, Entry(A) with { ReceivedAt = TimeProvider.System.GetUtcNow().AddHours(1) }, 10);
        await PutAsync(store, Entry(B) with { ReceivedAt = TimeProvider.System.GetUtcNow().AddMinutes(1) }, 10);
        Assert.Empty(await tiers.FindAsync(A));
        Assert.Single(await tiers.FindAsync(B));
    }

    [Theory]
    [InlineData("*200000000\r\n")]
    [InlineData("*200000000\r\n$1\r\na\r\n")]
    [InlineData("$2000000000\r\n")]
    [InlineData("*-7\r\n")]
    [InlineData("$abc\r\n")]
    [InlineData("garbage\r\n")]
    [InlineData("+OK\r\n")]
    [InlineData(":9223372036854775807\r\n")]
    [InlineData("-LOADING Redis is loading the dataset in memory\r\n")]
    [InlineData("-WRONGTYPE Operation against a key holding the wrong kind of value\r\n")]
    [InlineData("")]
    public async Task M12_AReplyThatCannotBe_IsAMiss_AndTakesNoMemory(string reply)
    {
        using var redis = new FakeRedis(words => words[0] == "HGETALL" && words[1].Contains("e:") ? reply : null);
        await using var store = new RedisStore(
            new RedisStoreOptions { Servers = [new("127.0.0.1", redis.Port)] },
            TimeProvider.System,
            NullLogger<RedisStore>.Instance
        );
        await store.OpenAsync(new PurgeSink(_log, new MemoryStore(new MemoryStoreOptions { MaxBytes = 0 }), new SearchVariances()));
        await Eventually.IsAsync(() => store.IsAvailable);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 0; i < 5; i++)
        {
            Assert.Empty(await store.FindAsync(A));
        }

        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 20 << 20);
    }

    private async Task<RedisStore> OpenAsync()
    {
        Assert.SkipWhen(RedisServer.Missing is not null, RedisServer.Missing ?? "");
        _server = await RedisServer.StartAsync();
        var options = new RedisStoreOptions
        {
            Servers = [new("127.0.0.1", _server.Port)],
            Timeout = TimeSpan.FromSeconds(5),
            PurgeTimeout = TimeSpan.FromSeconds(5),
        };
        var store = new RedisStore(options, TimeProvider.System, NullLogger<RedisStore>.Instance);
        await store.OpenAsync(new PurgeSink(_log, new MemoryStore(new MemoryStoreOptions { MaxBytes = 0 }), new SearchVariances()));
        await Eventually.IsAsync(() => store.IsAvailable);
        return store;
    }

    private CacheEntry Entry(CacheKey key) =>
        Some.Entry("Cache-Control: max-age=3600") with
        {
            Key = key,
            Target = key.Target,
            Position = _log.Position,
            ReceivedAt = TimeProvider.System.GetUtcNow(),
        };

    private Task PutAsync(RedisStore store, CacheKey key, int length, char letter = 'x') => PutAsync(store, Entry(key), length, letter);

    private static async Task PutAsync(RedisStore store, CacheEntry entry, int length, char letter = 'x')
    {
        await using (var writer = store.OpenWriter(entry, length)!)
        {
            writer.Append(System.Text.Encoding.ASCII.GetBytes(new string(letter, length)));
            await writer.CompleteAsync();
        }

        await store.SettleAsync();
    }

    private async Task EvaluateAsync(string change)
    {
        const string functions = """
            local function named(key, kind) for _, name in ipairs(redis.call('HKEYS', key)) do if string.sub(name, 1, 2) == kind then return name end end end
            local function head(key) return named(key, 'h:') end
            local function body(key) return named(key, 'b:') or ('b:' .. string.sub(head(key), 3)) end
            local function chunk(key, number) return string.gsub(key, ':e:', ':c:', 1) .. ':' .. string.sub(head(key), 3) .. ':' .. number end
            local function flipped(text, at) return string.sub(text, 1, at - 1) .. string.char((string.byte(text, at) + 1) % 256) .. string.sub(text, at + 1) end

            """;
        var answer = await _server!.CommandAsync("EVAL", functions + change + " return 1", "2", Keys.Entries(A)!, Keys.Entries(B)!);
        Assert.Equal(":1", answer);
    }
}
