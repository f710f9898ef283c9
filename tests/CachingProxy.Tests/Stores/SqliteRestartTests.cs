using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using CachingProxy.Configuration;
using CachingProxy.TestKit;
using Microsoft.Data.Sqlite;

namespace CachingProxy.Tests.Stores;

/// <summary>A cache in a file: what is there after an end in order, and after one that is not.</summary>
public sealed class SqliteRestartTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task AfterARestart_EverythingFreshIsAHit_OnBothFaces()
    {
        await using var origin = new FakeOrigin(request =>
            FakeOrigin.Response($"\"{request.Target}\"", "Cache-Control: max-age=60", "Content-Type: application/json")
        );
        string[] targets = ["/a", "/b?q=1", "/proxy?url=c", "/proxy?url=d"];
        var bodies = new List<string>();
        await using (var before = await StartAsync(origin))
        {
            foreach (var target in targets)
            {
                bodies.Add(await before.Client.GetStringAsync(target));
            }
        }

        await using var after = await StartAsync(origin);
        for (var i = 0; i < targets.Length; i++)
        {
            var response = await after.Client.GetAsync(targets[i]);
            Assert.Equal("HIT", response.Headers.GetValues("X-Cache").Single());
            Assert.Equal(bodies[i].Replace("upstream", "cache"), await response.Content.ReadAsStringAsync());
        }

        Assert.Equal(4, origin.Requests.Count);
    }

    [Theory]
    [InlineData("", "/a")]
    [InlineData("?url=/a", "/a")]
    [InlineData("?prefix=/", "/a")]
    [InlineData("?tag=t", "/a")]
    [InlineData("?tag=t&soft=true", "/a")]
    public async Task WhatWasPurged_StaysSo_AfterARestart(string query, string target)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x", "Cache-Control: max-age=60", "Cache-Tag: t"));
        await using (var before = await StartAsync(origin))
        {
            await before.Client.GetAsync(target);
            Assert.Equal(HttpStatusCode.OK, (await before.Client.DeleteAsync("/cache" + query)).StatusCode);
        }

        await using var after = await StartAsync(origin);
        Assert.Equal("MISS", (await after.Client.GetAsync(target)).Headers.GetValues("X-Cache").Single());
    }

    [Fact]
    public async Task M17_KilledAtRandomMomentsUnderLoad_ItStarts_TheFileIsSound_AndNoBodyIsCutOff()
    {
        var kills = Environment.GetEnvironmentVariable("SOAK_TESTS") == "1" ? 100 : 10;
        await using var origin = new FakeOrigin(request => FakeOrigin.Response(BodyOf(request.Target), "Cache-Control: max-age=3600"));
        var path = _folder.File("cache.db");
        var hits = 0;
        var found = 0;
        var answered = new ConcurrentDictionary<string, long>();
        for (var round = 0; round < kills; round++)
        {
            using var proxy = await ProxyProcess.StartAsync("--origin", origin.Url.ToString(), "--store", $"sqlite:{path}");
            proxy.Client.DefaultRequestHeaders.Host = "localhost";
            foreach (var target in answered.Keys.Take(50))
            {
                Assert.True(await IsHitAsync(proxy, target), $"{target} had been stored for more than a second.");
                found++;
            }

            using var kill = new CancellationTokenSource();
            var workers = Enumerable
                .Range(0, 4)
                .Select(worker =>
                    WorkAsync(proxy, new Random((round * 10) + worker), answered, () => Interlocked.Increment(ref hits), kill.Token)
                )
                .ToList();
            // Some live long enough for there to be something that is older than a second.
            var enough = WaitForAsync(origin, origin.Requests.Count + 20 + Random.Shared.Next(200));
            await Task.WhenAny(Task.WhenAll(workers), round % 5 == 0 ? Task.WhenAll(enough, WaitForOldAsync(answered)) : enough);
            var killedAt = TimeProvider.System.GetTimestamp();
            await proxy.KillAsync();
            await kill.CancelAsync();
            await Task.WhenAll(workers);
            // The last second may be lost.
            foreach (
                var late in answered.Where(answer => TimeProvider.System.GetElapsedTime(answer.Value, killedAt) <= TimeSpan.FromSeconds(1))
            )
            {
                answered.TryRemove(late);
            }
        }

        Assert.True(hits > kills, $"Only {hits} hits.");
        Assert.True(found > 0, "Nothing was ever old enough.");
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        using var check = connection.CreateCommand();
        check.CommandText = "PRAGMA integrity_check";
        Assert.Equal("ok", check.ExecuteScalar());
    }

    // The client's host is a part of the key, and the port of the proxy another each time.
    private Task<TestProxy> StartAsync(FakeOrigin origin) =>
        TestProxy.StartAsync(
            origin,
            new ProxySettings { Store = StoreSetting.Parse($"sqlite:{_folder.File("cache.db")}") },
            host: "localhost"
        );

    [Fact]
    public async Task M15_OnADiskThatIsFull_EverythingIsServed_AndWithRoomAgainItIsUsedAgain()
    {
        await using var origin = new FakeOrigin(request =>
            FakeOrigin.Response(BodyOf(request.Target), "Cache-Control: max-age=3600", "Cache-Tag: t")
        );
        string[] arguments = ["--origin", origin.Url.ToString(), "--store", $"sqlite:{_folder.File("cache.db")}"];
        using (var proxy = await ProxyProcess.StartAsync(arguments))
        {
            proxy.Client.DefaultRequestHeaders.Host = "localhost";
            Assert.False(await IsHitAsync(proxy, "/1"));
            await proxy.LimitFilesAsync(100_000);
            for (var number = 10; number < 200; number += 10)
            {
                Assert.False(await IsHitAsync(proxy, $"/{number}"));
                Assert.True(await IsHitAsync(proxy, $"/{number}"));
            }

            // A purge holds here, and is said not to be written.
            await Eventually.IsAsync(async () =>
                (await proxy.Client.DeleteAsync("/cache?tag=t")).StatusCode == HttpStatusCode.ServiceUnavailable
            );
            Assert.False(await IsHitAsync(proxy, "/1"));
            await proxy.LimitFilesAsync(null);
            await Eventually.IsAsync(async () => (await proxy.Client.DeleteAsync("/cache?tag=t")).StatusCode == HttpStatusCode.OK);
            Assert.False(await IsHitAsync(proxy, "/2"));
        }

        using var after = await ProxyProcess.StartAsync(arguments);
        after.Client.DefaultRequestHeaders.Host = "localhost";
        Assert.False(await IsHitAsync(after, "/1"));
        Assert.False(await IsHitAsync(after, "/10"));
    }

    [Theory]
    [InlineData("posix/io/rw/pwrite")]
    [InlineData("posix/io/sync/*")]
    public async Task M18_ADiskWhoseCallsFail_CostsWhatIsNotWritten_AndNoRequestWaitsOrFails(string kind)
    {
        Assert.SkipWhen(!File.Exists("/usr/bin/fiu-run"), "fiu-utils is not installed");
        await using var origin = new FakeOrigin(request => FakeOrigin.Response(BodyOf(request.Target), "Cache-Control: max-age=3600"));
        using var proxy = await ProxyProcess.StartUnreliableAsync(
            "--origin",
            origin.Url.ToString(),
            "--store",
            $"sqlite:{_folder.File("cache.db")}"
        );
        proxy.Client.DefaultRequestHeaders.Host = "localhost";
        Assert.False(await IsHitAsync(proxy, "/1"));
        await proxy.FailCallsAsync(kind, doFail: true);
        for (var number = 10; number < 100; number += 10)
        {
            Assert.False(await IsHitAsync(proxy, $"/{number}").WaitAsync(TimeSpan.FromSeconds(2)));
            Assert.True(await IsHitAsync(proxy, $"/{number}").WaitAsync(TimeSpan.FromSeconds(2)));
        }

        await proxy.FailCallsAsync(kind, doFail: false);
        Assert.True(await IsHitAsync(proxy, "/10"));
    }

    [Fact]
    public async Task WhereNoFileCanBeMade_EverythingIsServed()
    {
        await using var origin = new FakeOrigin(request => FakeOrigin.Response(BodyOf(request.Target), "Cache-Control: max-age=3600"));
        using var proxy = await ProxyProcess.StartAsync("--origin", origin.Url.ToString(), "--store", "sqlite:/sys/cache.db");
        Assert.False(await IsHitAsync(proxy, "/1"));
        Assert.True(await IsHitAsync(proxy, "/1"));
    }

    private static async Task<bool> IsHitAsync(ProxyProcess proxy, string target)
    {
        var response = await proxy.Client.GetAsync(target);
        Assert.Equal(BodyOf(target), await response.Content.ReadAsStringAsync());
        return response.Headers.GetValues("X-Cache").Single() == "HIT";
    }

    private static async Task WorkAsync(
        ProxyProcess proxy,
        Random random,
        ConcurrentDictionary<string, long> answered,
        Action onHit,
        CancellationToken killed
    )
    {
        try
        {
            while (!killed.IsCancellationRequested)
            {
                var target = $"/{random.Next(2000)}";
                var response = await proxy.Client.GetAsync(target, killed);
                var body = await response.Content.ReadAsStringAsync(killed);
                Assert.True(body == BodyOf(target), $"{target} had {body.Length} characters.");
                answered.TryAdd(target, TimeProvider.System.GetTimestamp());
                if (response.Headers.GetValues("X-Cache").Single() == "HIT")
                {
                    onHit();
                }
            }
        }
        catch (Exception end) when (end is HttpRequestException or OperationCanceledException or IOException or SocketException)
        {
            // Killed in the middle of it.
        }
    }

    private static async Task WaitForAsync(FakeOrigin origin, int requests)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (origin.Requests.Count < requests && TimeProvider.System.GetElapsedTime(begun) < TimeSpan.FromSeconds(3))
        {
            await Task.Yield();
        }
    }

    private static async Task WaitForOldAsync(ConcurrentDictionary<string, long> answered)
    {
        while (!answered.Values.Any(answer => TimeProvider.System.GetElapsedTime(answer) > TimeSpan.FromSeconds(1.2)))
        {
            await Task.Delay(50);
        }
    }

    // One in ten is larger than what stands in one row.
    private static string BodyOf(string target)
    {
        var number = int.Parse(target[1..], System.Globalization.CultureInfo.InvariantCulture);
        return string.Concat(Enumerable.Repeat($"{number}.", number % 10 == 0 ? 60_000 : 100));
    }
}
