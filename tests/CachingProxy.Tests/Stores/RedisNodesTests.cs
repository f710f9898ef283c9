using System.Net;
using CachingProxy.Configuration;
using CachingProxy.TestKit;

namespace CachingProxy.Tests.Stores;

/// <summary>Two nodes on one Redis, and what becomes of them when that is not well.</summary>
public sealed class RedisNodesTests : IAsyncLifetime
{
    private RedisServer _redis = null!;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(RedisServer.Missing is not null, RedisServer.Missing ?? "");
        _redis = await RedisServer.StartAsync();
    }

    public ValueTask DisposeAsync()
    {
        _redis?.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("/small", 100)]
    [InlineData("/large", 2_000_000)]
    [InlineData("/proxy?url=json", 100)]
    public async Task WhatOneNodeStored_IsAHitOnTheOther(string target, int length)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response(new string('x', length), "Cache-Control: max-age=60"));
        await using var one = await StartAsync(origin);
        await using var other = await StartAsync(origin);
        await one.Client.GetStringAsync(target);
        await Eventually.IsAsync(async () => (await HitAsync(other, target)).IsHit);
        Assert.Equal(length, (await other.Client.GetStringAsync(target)).Count(letter => letter == 'x'));
    }

    [Theory]
    [InlineData("")]
    [InlineData("?url=/a/b")]
    [InlineData("?prefix=/a")]
    [InlineData("?tag=t")]
    [InlineData("?tag=t&soft=true")]
    [InlineData("?soft=true")]
    public async Task APurgeOnOneNode_HoldsOnTheOther(string query)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x", "Cache-Control: max-age=60", "Cache-Tag: t"));
        await using var one = await StartAsync(origin);
        await using var other = await StartAsync(origin);
        await one.Client.GetStringAsync("/a/b");
        await Eventually.IsAsync(async () => (await HitAsync(other, "/a/b")).IsHit);
        var asked = origin.Requests.Count;
        Assert.Equal(HttpStatusCode.OK, (await one.Client.DeleteAsync("/cache" + query)).StatusCode);
        Assert.False((await HitAsync(one, "/a/b")).IsHit);
        await Eventually.IsAsync(() => other.Engine.LogPosition == one.Engine.LogPosition);
        await other.Client.GetStringAsync("/a/b");
        Assert.Equal(asked + 1, origin.Requests.Count);
    }

    [Theory]
    [InlineData("?url=/a/b")]
    [InlineData("?prefix=/a")]
    [InlineData("?tag=t")]
    [InlineData("")]
    public async Task APurgeThatANodeWasToldOf_HoldsThere_AlsoWhereItCannotReadTheLogAnyMore(string query)
    {
        var version = 1;
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response($"{version}", "Cache-Control: max-age=60", "Cache-Tag: t"));
        await using var one = await StartAsync(origin);
        await _redis.CommandAsync("ACL", "SETUSER", "other", "on", ">secret", "~*", "&*", "+@all");
        await using var other = await StartAsync(origin, user: "other:secret@");
        Assert.Equal("1", await other.Client.GetStringAsync("/a/b"));
        Assert.True((await HitAsync(other, "/a/b")).IsHit);
        await Eventually.IsAsync(() => other.Engine.LogPosition == one.Engine.LogPosition);
        version = 2;
        await _redis.CommandAsync("ACL", "SETUSER", "other", "-@read");

        Assert.Equal(HttpStatusCode.OK, (await one.Client.DeleteAsync("/cache" + query)).StatusCode);
        await Eventually.IsAsync(() => other.Engine.LogPosition == one.Engine.LogPosition);
        Assert.Equal("2", await other.Client.GetStringAsync("/a/b"));
    }

    [Fact]
    public async Task ManyRequestsToBothNodesForOneColdUrl_AreOneRequestToTheOrigin_WhileRedisAnswersInTime()
    {
        var answer = new TaskCompletionSource();
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                await answer.Task;
                await connection.SendAsync(FakeOrigin.Response("x", "Cache-Control: max-age=60"));
            }
        );
        await using var one = await StartAsync(origin);
        await using var other = await StartAsync(origin);
        Redis.RedisStore[] stores = [(Redis.RedisStore)one.SecondTier!, (Redis.RedisStore)other.SecondTier!];
        for (var attempt = 0; attempt < 20; attempt++)
        {
            answer = new TaskCompletionSource();
            await Eventually.IsAsync(() => stores.All(store => store.IsAvailable));
            var late = stores.Sum(store => store.Refused);
            var requests = Enumerable
                .Range(0, 100)
                .Select(number => (number % 2 == 0 ? one : other).Client.GetStringAsync($"/{attempt}"))
                .ToList();
            await Eventually.IsAsync(() =>
                origin.Requests.Any(request => request.Target == $"/{attempt}") && one.Engine.RunningFills + other.Engine.RunningFills >= 2
            );
            answer.SetResult();
            Assert.All(await Task.WhenAll(requests), body => Assert.Equal("x", body));
            if (stores.Sum(store => store.Refused) == late)
            {
                Assert.Single(origin.Requests, request => request.Target == $"/{attempt}");
                return;
            }
        }

        Assert.Fail("Redis never answered in time.");
    }

    [Fact]
    public async Task WhatCannotBeShared_IsNotWaitedForInTurn()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x", "Cache-Control: no-store"));
        await using var one = await StartAsync(origin);
        await using var other = await StartAsync(origin);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(number => (number % 2 == 0 ? one : other).Client.GetStringAsync("/x")));
        Assert.Equal(20, origin.Requests.Count);
    }

    [Theory]
    [InlineData("FLUSHALL")]
    [InlineData("DEL", "caching-proxy:{log}:purges")]
    [InlineData("DEL", "caching-proxy:{log}:epoch")]
    public async Task ALogThatIsLost_BringsNoPurgedEntryBack_OnNodesOldOrNew(params string[] command)
    {
        await using var origin = new FakeOrigin(request => FakeOrigin.Response("x", "Cache-Control: max-age=60", "Cache-Tag: t"));
        await using var old = await StartAsync(origin);
        await old.Client.GetStringAsync("/x");
        await old.Client.DeleteAsync("/cache?tag=t");
        await _redis.CommandAsync(command);
        await using var young = await StartAsync(origin);
        Assert.False((await HitAsync(young, "/x")).IsHit);
        await Eventually.IsAsync(() => old.Engine.LogPosition == young.Engine.LogPosition);
        await old.Client.GetStringAsync("/x");
        Assert.InRange(origin.Requests.Count, 2, 3);
    }

    [Fact]
    public async Task M09_WhileRedisHangs_NobodyFails_AndItIsUsedAgainAfterwards()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x", "Cache-Control: max-age=60"));
        await using var one = await StartAsync(origin);
        await using var other = await StartAsync(origin);
        await one.Client.GetStringAsync("/hit");
        _redis.Stop();
        for (var i = 0; i < 10; i++)
        {
            Assert.True((await HitAsync(one, "/hit")).IsHit);
            Assert.False((await HitAsync(one, $"/miss{i}")).IsHit);
        }

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await one.Client.DeleteAsync("/cache?url=/hit")).StatusCode);
        Assert.False((await HitAsync(one, "/hit")).IsHit);
        _redis.Continue();
        await one.Client.GetStringAsync("/after");
        var number = 0;
        await Eventually.IsAsync(async () =>
        {
            var target = $"/again{number++}";
            await one.Client.GetStringAsync(target);
            return (await HitAsync(other, target)).IsHit;
        });
        Assert.Equal(2, origin.Requests.Count(request => request.Target == "/hit"));
    }

    [Fact]
    public async Task L08_APurgeOfAUrl_WinsOverTheFetchUnderWay_AndOverWhatIsOnItsWayToRedis()
    {
        var answers = 0;
        var held = new TaskCompletionSource();
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                var number = Interlocked.Increment(ref answers);
                await (number == 1 ? held.Task : Task.CompletedTask);
                await connection.SendAsync(FakeOrigin.Response($"{number}", "Cache-Control: max-age=60"));
            }
        );
        await using var one = await StartAsync(origin);
        await using var other = await StartAsync(origin);
        var first = one.Client.GetStringAsync("/x");
        await Eventually.IsAsync(() => answers == 1);
        Assert.Equal(HttpStatusCode.OK, (await one.Client.DeleteAsync("/cache?url=/x")).StatusCode);
        held.SetResult();
        Assert.Equal("1", await first);
        await Eventually.IsAsync(() => one.Engine.RunningFills == 0);
        await ((Redis.RedisStore)one.SecondTier!).SettleAsync();
        Assert.Equal("2", await other.Client.GetStringAsync("/x"));
        Assert.Equal("2", await one.Client.GetStringAsync("/x"));

        for (var i = 0; i < 30; i++)
        {
            // At once, while what was fetched is on its way.
            await one.Client.GetStringAsync($"/large{i}");
            await one.Client.DeleteAsync($"/cache?url=/large{i}");
            await ((Redis.RedisStore)one.SecondTier!).SettleAsync();
            Assert.False((await HitAsync(one, $"/large{i}")).IsHit);
        }
    }

    [Fact]
    public async Task AUrlWhosePurgeIsToldLater_IsNotThereAgain()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x", "Cache-Control: max-age=60"));
        await using var one = await StartAsync(origin);
        await using var other = await StartAsync(origin);
        await one.Client.GetStringAsync("/x");
        await ((Redis.RedisStore)one.SecondTier!).SettleAsync();
        _redis.Stop();
        Assert.False((await HitAsync(one, "/miss")).IsHit);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await one.Client.DeleteAsync("/cache?url=/x")).StatusCode);
        _redis.Continue();
        await Eventually.IsAsync(() => one.SecondTier!.IsAvailable);
        Assert.False((await HitAsync(one, "/x")).IsHit);
    }

    [Fact]
    public async Task AChunkThatRedisHasEvicted_IsAMiss_AndNotAnError()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response(new string('x', 2_000_000), "Cache-Control: max-age=60"));
        await using var one = await StartAsync(origin);
        await one.Client.GetStringAsync("/x");
        await ((Redis.RedisStore)one.SecondTier!).SettleAsync();
        Assert.Equal(
            ":1",
            await _redis.CommandAsync("EVAL", "local all = redis.call('KEYS', '*:3') return redis.call('DEL', all[1])", "0")
        );
        await using var other = await StartAsync(origin);
        Assert.Equal(2_000_000, (await other.Client.GetStringAsync("/x")).Length);
        Assert.Equal(2, origin.Requests.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AnOldCopyOfTheServersData_IsNotBelieved_EvenIfMoreWasPurgedSince(bool isUnnotified)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x", "Cache-Control: max-age=60"));
        await using var one = await StartAsync(origin);
        await one.Client.GetStringAsync("/x");
        await ((Redis.RedisStore)one.SecondTier!).SettleAsync();
        const string copy =
            "for _, key in ipairs(redis.call('KEYS', ARGV[1] .. 'caching-proxy:*')) do redis.call('COPY', key, ARGV[2] .. string.sub(key, #ARGV[1] + 1), 'REPLACE') end return 1";
        await _redis.CommandAsync("EVAL", copy, "0", "", "old:");
        if (isUnnotified)
        {
            // It has not read its own purge when the log goes back.
            await _redis.CommandAsync("CLIENT", "KILL", "TYPE", "pubsub");
        }

        await one.Client.DeleteAsync("/cache?url=/x");
        await _redis.CommandAsync("DEL", "caching-proxy:{log}:purges");
        await _redis.CommandAsync("EVAL", copy, "0", "old:", "");
        await one.Client.DeleteAsync("/cache?url=/other");
        await Eventually.IsAsync(async () => !(await HitAsync(one, "/x")).IsHit || origin.Requests.Count > 1);
        Assert.Equal(2, origin.Requests.Count);
    }

    [Fact]
    public async Task M10_ARedisThatIsKilled_CostsMisses_AndOneThatIsBackIsUsed()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x", "Cache-Control: max-age=60"));
        await using var one = await StartAsync(origin);
        await using var other = await StartAsync(origin);
        await one.Client.GetStringAsync("/hit");
        _redis.Kill();
        Assert.True((await HitAsync(one, "/hit")).IsHit);
        Assert.False((await HitAsync(one, "/miss")).IsHit);
        await _redis.RestartAsync();
        var number = 0;
        await Eventually.IsAsync(async () =>
        {
            var target = $"/again{number++}";
            await one.Client.GetStringAsync(target);
            return (await HitAsync(other, target)).IsHit;
        });
    }

    [Fact]
    public async Task M13_ARedisThatFlaps_CostsNobodyAnError()
    {
        await using var origin = new FakeOrigin(request => FakeOrigin.Response(request.Target, "Cache-Control: max-age=1"));
        await using var one = await StartAsync(origin);
        await using var other = await StartAsync(origin);
        using var stop = new CancellationTokenSource();
        var asking = Enumerable
            .Range(0, 8)
            .Select(async client =>
            {
                var asked = 0;
                while (!stop.IsCancellationRequested)
                {
                    var target = $"/{(client + asked++) % 20}";
                    Assert.Equal(
                        target,
                        await (client % 2 == 0 ? one : other).Client.GetStringAsync(target, TestContext.Current.CancellationToken)
                    );
                }

                return asked;
            })
            .ToList();
        for (var i = 0; i < 5; i++)
        {
            await Task.Delay(300, TestContext.Current.CancellationToken);
            _redis.Kill();
            await Task.Delay(300, TestContext.Current.CancellationToken);
            await _redis.RestartAsync();
        }

        await stop.CancelAsync();
        Assert.All(await Task.WhenAll(asking), asked => Assert.True(asked > 10));
    }

    [Fact]
    public async Task M14_APurgeThatCouldNotBeTold_IsToldWhenRedisIsBack()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x", "Cache-Control: max-age=60", "Cache-Tag: t"));
        await using var one = await StartAsync(origin);
        await using var other = await StartAsync(origin);
        await one.Client.GetStringAsync("/x");
        await Eventually.IsAsync(async () => (await HitAsync(other, "/x")).IsHit);
        _redis.Stop();
        Assert.Contains("purge_not_propagated", await (await one.Client.DeleteAsync("/cache?tag=t")).Content.ReadAsStringAsync());
        Assert.False((await HitAsync(one, "/x")).IsHit);
        Assert.True((await HitAsync(other, "/x")).IsHit);
        var before = other.Engine.LogPosition;
        _redis.Continue();
        await Eventually.IsAsync(() => other.Engine.LogPosition != before);
        Assert.False((await HitAsync(other, "/x")).IsHit);
    }

    [Fact]
    public async Task WithoutRedisAtTheStart_EverythingIsServed_AndItIsFoundLater()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x", "Cache-Control: max-age=60"));
        _redis.Kill();
        await using var one = await StartAsync(origin, untilUp: false);
        Assert.False((await HitAsync(one, "/x")).IsHit);
        Assert.True((await HitAsync(one, "/x")).IsHit);
        await _redis.RestartAsync();
        await Eventually.IsAsync(() => one.SecondTier!.IsAvailable);
    }

    [Fact]
    public async Task M11_ARedisThatIsFull_CostsWhatIsNotWritten_AndNothingElse()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response(new string('x', 100_000), "Cache-Control: max-age=60"));
        await using var one = await StartAsync(origin);
        await _redis.CommandAsync("CONFIG", "SET", "maxmemory", "1mb");
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(100_000, (await one.Client.GetStringAsync($"/{i}")).Length);
            Assert.True((await HitAsync(one, $"/{i}")).IsHit);
        }

        await ((Redis.RedisStore)one.SecondTier!).SettleAsync();
        var store = (Redis.RedisStore)one.SecondTier!;
        Assert.True(
            store.Dropped > 0,
            $"Dropped {store.Dropped}, refused {store.Refused}, available {store.IsAvailable}, {await _redis.CommandAsync("DBSIZE")}"
        );
    }

    private async Task<TestProxy> StartAsync(FakeOrigin origin, bool untilUp = true, string user = "")
    {
        var proxy = await TestProxy.StartAsync(
            origin,
            new ProxySettings { Store = StoreSetting.Parse($"redis://{user}127.0.0.1:{_redis.Port}") },
            host: "localhost"
        );
        await (untilUp ? Eventually.IsAsync(() => proxy.SecondTier!.IsAvailable) : Task.CompletedTask);
        return proxy;
    }

    private static async Task<(bool IsHit, string Status)> HitAsync(TestProxy proxy, string target)
    {
        var response = await proxy.Client.GetAsync(target);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return (response.Headers.GetValues("X-Cache").Single() == "HIT", response.Headers.GetValues("Cache-Status").Single());
    }
}
