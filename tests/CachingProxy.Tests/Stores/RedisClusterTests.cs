using System.Net;
using CachingProxy.Configuration;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Stores;
using CachingProxy.Redis;
using CachingProxy.TestKit;

namespace CachingProxy.Tests.Stores;

/// <summary>Two nodes on a Redis cluster, and on a Redis that knows users.</summary>
public sealed class RedisClusterTests
{
    private static readonly RedisKeys Keys = new("caching-proxy:");

    [Fact]
    public async Task OnACluster_NodesShareEntriesAndPurges_AndAKilledServerCostsItsSlotsAlone()
    {
        Assert.SkipWhen(RedisServer.Missing is not null, RedisServer.Missing ?? "");
        using var cluster = await RedisCluster.StartAsync();
        await using var origin = new FakeOrigin(request =>
            FakeOrigin.Response(
                request.Target.StartsWith("/large") ? new string('x', 1_000_000) : request.Target,
                "Cache-Control: max-age=3600",
                "Cache-Tag: t" + request.Target[^1]
            )
        );
        await using var one = await StartAsync(origin, cluster);
        await using var other = await StartAsync(origin, cluster);
        string[] targets = [.. Enumerable.Range(0, 12).Select(number => $"/{number}"), "/large1"];
        foreach (var target in targets)
        {
            await one.Client.GetStringAsync(target);
        }

        await ((RedisStore)one.SecondTier!).SettleAsync();
        foreach (var target in targets)
        {
            await Eventually.IsAsync(async () => await IsHitAsync(other, target));
        }

        // Of each kind one, and each in a slot of its own.
        foreach (var query in (string[])["?url=/1", "?tag=t2", "?prefix=/3"])
        {
            Assert.Equal(HttpStatusCode.OK, (await one.Client.DeleteAsync("/cache" + query)).StatusCode);
        }

        await Eventually.IsAsync(() => one.Engine.LogPosition == other.Engine.LogPosition);
        await using var young = await StartAsync(origin, cluster);
        foreach (var proxy in (TestProxy[])[one, other, young])
        {
            foreach (var target in (string[])["/1", "/2", "/3"])
            {
                var asked = origin.Requests.Count;
                var isHit = await IsHitAsync(proxy, target);
                Assert.True(proxy != one || !isHit, $"{target} was purged.");
                Assert.True(isHit || origin.Requests.Count == asked + 1);
            }
        }

        await ((RedisStore)one.SecondTier!).SettleAsync();
        await KillOneWithoutTheLogAsync(cluster, one, origin);
    }

    [Fact]
    public async Task OnACluster_APurgeOfAUrlThatItsNodeDidNotFinish_IsFinishedByAnother_AndBringsNothingBack()
    {
        Assert.SkipWhen(RedisServer.Missing is not null, RedisServer.Missing ?? "");
        using var cluster = await RedisCluster.StartAsync();
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x", "Cache-Control: max-age=3600"));
        await using var other = await StartAsync(origin, cluster);
        await other.Client.GetStringAsync("/x");
        await ((RedisStore)other.SecondTier!).SettleAsync();
        var key = new CacheKey(origin.Url.GetLeftPart(UriPartial.Authority), "/x");

        // What a node leaves behind that ends right after the first step.
        var log = await cluster.OwnerOfAsync("caching-proxy:{log}:purges");
        var append =
            "local id = redis.call('XADD', KEYS[1], '*', 'kind', ARGV[1], 'authority', ARGV[2], 'text', ARGV[3], 'soft', '0') redis.call('HSET', KEYS[2], id, ARGV[2] .. '\\n' .. ARGV[3]) redis.call('PUBLISH', KEYS[3], id) return 1";
        Assert.Equal(
            ":1",
            await log.CommandAsync(
                "EVAL",
                append,
                "3",
                "caching-proxy:{log}:purges",
                "caching-proxy:{log}:open",
                "caching-proxy:{log}:purged",
                $"{(int)PurgeKind.Url}",
                key.Authority,
                key.Target
            )
        );
        var owner = await cluster.OwnerOfAsync(Keys.Entries(key)!);
        await Eventually.IsAsync(async () => await owner.CommandAsync("EXISTS", Keys.Entries(key)!) == ":0");
        await Eventually.IsAsync(async () => await log.CommandAsync("HLEN", "caching-proxy:{log}:open") == ":0");
        Assert.False(await IsHitAsync(other, "/x"));
    }

    [Fact]
    public async Task OnACluster_AfterAllNodesHaveEnded_APurgeThatWasNotFinished_IsFinishedByTheNextThatStarts()
    {
        Assert.SkipWhen(RedisServer.Missing is not null, RedisServer.Missing ?? "");
        using var cluster = await RedisCluster.StartAsync();
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x", "Cache-Control: max-age=3600"));
        await using (var first = await StartAsync(origin, cluster))
        {
            await first.Client.GetStringAsync("/x");
            await ((RedisStore)first.SecondTier!).SettleAsync();
        }

        var authority = origin.Url.GetLeftPart(UriPartial.Authority);
        var log = await cluster.OwnerOfAsync("caching-proxy:{log}:purges");
        var append =
            "local id = redis.call('XADD', KEYS[1], '*', 'kind', ARGV[1], 'authority', ARGV[2], 'text', ARGV[3], 'soft', '0') redis.call('HSET', KEYS[2], id, ARGV[2] .. '\\n' .. ARGV[3]) return 1";
        await log.CommandAsync(
            "EVAL",
            append,
            "2",
            "caching-proxy:{log}:purges",
            "caching-proxy:{log}:open",
            $"{(int)PurgeKind.Url}",
            authority,
            "/x"
        );
        await using var second = await StartAsync(origin, cluster);
        Assert.False(await IsHitAsync(second, "/x"));
        await Eventually.IsAsync(async () => await log.CommandAsync("HLEN", "caching-proxy:{log}:open") == ":0");
    }

    [Fact]
    public async Task ADatabaseNumberWithACluster_IsRefusedAtTheStart()
    {
        Assert.SkipWhen(RedisServer.Missing is not null, RedisServer.Missing ?? "");
        using var cluster = await RedisCluster.StartAsync();
        var settings = new ProxySettings { Store = StoreSetting.Parse($"redis://127.0.0.1:{cluster.Servers[0].Port}/3") };
        var refused = await Assert.ThrowsAsync<RefusedServerException>(() => TestProxy.StartWithAsync(settings, new()));
        Assert.Contains("database 0 alone, and 3", refused.Message);
    }

    [Theory]
    [InlineData("user:pass%40word", true)]
    [InlineData("user:wrong", false)]
    public async Task AUserOfItsOwn_WithNoMoreThanIsNeeded_Suffices(string credentials, bool isUsed)
    {
        Assert.SkipWhen(RedisServer.Missing is not null, RedisServer.Missing ?? "");
        using var redis = await RedisServer.StartAsync();
        await redis.CommandAsync(
            "ACL",
            "SETUSER",
            "user",
            "on",
            ">pass@word",
            "~caching-proxy:*",
            "&caching-proxy:*",
            "+@read",
            "+@write",
            "+@scripting",
            "+@pubsub",
            "+@connection",
            "+cluster",
            "+info"
        );
        await redis.CommandAsync("ACL", "SETUSER", "default", "resetkeys", "-@all", "+ping");
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x", "Cache-Control: max-age=3600"));
        var settings = new ProxySettings
        {
            Origin = origin.Url,
            Store = StoreSetting.Parse($"redis://{credentials}@127.0.0.1:{redis.Port}"),
        };
        await using var one = await TestProxy.StartWithAsync(settings, new());
        if (!isUsed)
        {
            Assert.False(await IsHitAsync(one, "/x"));
            Assert.False(one.SecondTier!.IsAvailable);
            return;
        }

        await Eventually.IsAsync(() => one.SecondTier!.IsAvailable);
        await using var other = await TestProxy.StartWithAsync(settings, new());
        await Eventually.IsAsync(() => other.SecondTier!.IsAvailable);
        await IsHitAsync(one, "/x");
        await Eventually.IsAsync(() => IsHitAsync(other, "/x"));
        Assert.Equal(HttpStatusCode.OK, (await one.Client.DeleteAsync("/cache?url=/x")).StatusCode);
        await Eventually.IsAsync(() => one.Engine.LogPosition == other.Engine.LogPosition);
        Assert.False(await IsHitAsync(other, "/x"));
    }

    private static async Task KillOneWithoutTheLogAsync(RedisCluster cluster, TestProxy proxy, FakeOrigin origin)
    {
        var log = await cluster.OwnerOfAsync("caching-proxy:{log}:purges");
        var victim = cluster.Servers.First(server => server != log);
        victim.Kill();
        await using var young = await StartAsync(origin, cluster);
        var hits = 0;
        for (var number = 0; number < 12; number++)
        {
            var owner = await cluster.OwnerOfAsync(
                Keys.Entries(new CacheKey(origin.Url.GetLeftPart(UriPartial.Authority), $"/{number}"))!,
                log
            );
            var isHit = await IsHitAsync(young, $"/{number}");
            Assert.True(owner == victim || isHit, $"/{number} is on a server that lives.");
            hits += isHit ? 1 : 0;
        }

        Assert.InRange(hits, 1, 12);
        Assert.True(proxy.SecondTier!.IsAvailable);
        Assert.Equal(HttpStatusCode.OK, (await young.Client.DeleteAsync("/cache?tag=t4")).StatusCode);
    }

    private static async Task<TestProxy> StartAsync(FakeOrigin origin, RedisCluster cluster)
    {
        var hosts = string.Join(',', cluster.Servers.Select(server => $"127.0.0.1:{server.Port}"));
        var proxy = await TestProxy.StartWithAsync(
            new ProxySettings { Origin = origin.Url, Store = StoreSetting.Parse($"redis://{hosts}") },
            new()
        );
        proxy.Client.DefaultRequestHeaders.Host = "localhost";
        await Eventually.IsAsync(() => proxy.SecondTier!.IsAvailable);
        return proxy;
    }

    private static async Task<bool> IsHitAsync(TestProxy proxy, string target)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, target);
        request.Headers.Host = "localhost";
        using var response = await proxy.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return response.Headers.GetValues("X-Cache").Single() == "HIT";
    }
}
