using System.Net;
using CachingProxy.Core.Limits;
using CachingProxy.Core.Purging;
using CachingProxy.Core.Stores.Memory;
using CachingProxy.Redis;
using CachingProxy.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace CachingProxy.Stores.Tests;

/// <summary>Nodes that share a Redis share their limits.</summary>
public class RedisRatesTests
{
    private static readonly RateLimit[] Limits = [new(100, TimeSpan.FromMinutes(10))];

    [Fact]
    public async Task TwoNodes_HaveOneLimitTogether_AndWithoutRedisEachGoesOnByItself()
    {
        Assert.SkipWhen(RedisServer.Missing is not null, RedisServer.Missing ?? "");
        using var redis = await RedisServer.StartAsync();
        await using var one = await OpenAsync(redis);
        await using var two = await OpenAsync(redis);
        IRateCounter[] nodes = [Shared(one), Shared(two)];
        var passed = 0;
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 10_000),
            new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = TestContext.Current.CancellationToken },
            async (number, _) =>
            {
                var decision = (await nodes[number % 2].TryTakeAsync("a", Limits))!.Value;
                Interlocked.Add(ref passed, decision.IsPermitted ? 1 : 0);
            }
        );
        Assert.Equal(100, passed);
        var refused = (await nodes[0].TryTakeAsync("a", Limits))!.Value;
        Assert.Equal((0, Limits[0]), (refused.Remaining, refused.Limit));
        Assert.InRange(refused.RetryAfter, TimeSpan.FromMinutes(9), TimeSpan.FromMinutes(10));
        Assert.Equal(99, (await nodes[1].TryTakeAsync("b", Limits))!.Value.Remaining);

        redis.Kill();
        Assert.Null(await one.Rates.TryTakeAsync("a", Limits));
        // Each node knows what it was permitted itself: together they were permitted a hundred.
        var alone = 0;
        foreach (var node in nodes)
        {
            for (var i = 0; i < 200; i++)
            {
                alone += (await node.TryTakeAsync("a", Limits))!.Value.IsPermitted ? 1 : 0;
            }
        }

        Assert.Equal(100, alone);
    }

    [Fact]
    public async Task AWindow_EndsByTheClockOfRedis_AndNeverHoldsMoreThanTheLimit()
    {
        Assert.SkipWhen(RedisServer.Missing is not null, RedisServer.Missing ?? "");
        using var redis = await RedisServer.StartAsync();
        await using var store = await OpenAsync(redis);
        RateLimit[] limits = [new(3, TimeSpan.FromMilliseconds(300)), new(20, TimeSpan.FromMinutes(1))];
        var passed = 0;
        var began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromMilliseconds(1000))
        {
            passed += (await store.Rates.TryTakeAsync("a", limits))!.Value.IsPermitted ? 1 : 0;
        }

        var windows = (int)(TimeProvider.System.GetElapsedTime(began) / limits[0].Window) + 1;
        Assert.InRange(passed, 9, Math.Min(20, 3 * windows));
    }

    [Fact]
    public async Task AHoldOfOneNode_HoldsForTheOther_AndNoShorterOneEndsIt()
    {
        Assert.SkipWhen(RedisServer.Missing is not null, RedisServer.Missing ?? "");
        using var redis = await RedisServer.StartAsync();
        await using var one = await OpenAsync(redis);
        await using var two = await OpenAsync(redis);
        await Shared(one).HoldAsync("a", TimeSpan.FromSeconds(60));
        await Shared(two).HoldAsync("a", TimeSpan.FromSeconds(1));
        var held = (await two.Rates.TryTakeAsync("a", []))!.Value;
        Assert.False(held.IsPermitted);
        Assert.InRange(held.RetryAfter, TimeSpan.FromSeconds(50), TimeSpan.FromSeconds(60));
        Assert.True((await two.Rates.TryTakeAsync("b", []))!.Value.IsPermitted);
    }

    private static SharedRateCounter Shared(RedisStore store) => new(store.Rates, new RateCounter(TimeProvider.System));

    private static async Task<RedisStore> OpenAsync(RedisServer redis)
    {
        var store = new RedisStore(
            new RedisStoreOptions { Servers = [new DnsEndPoint("127.0.0.1", redis.Port)], Timeout = TimeSpan.FromSeconds(10) },
            TimeProvider.System,
            NullLogger<RedisStore>.Instance
        );
        var log = new InvalidationLog(new(TimeProvider.System));
        await store.OpenAsync(new PurgeSink(log, new MemoryStore(new MemoryStoreOptions()), new Core.Keys.SearchVariances()));
        await Eventually.IsAsync(() => store.IsAvailable);
        return store;
    }
}
