using System.Net;
using CachingProxy.Configuration;
using CachingProxy.TestKit;
using Microsoft.Data.Sqlite;

namespace CachingProxy.Server.Tests.Stores;

/// <summary>A cache in a file: what is there after an end in order, and after one that is not.</summary>
public sealed class SqliteRestartTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task AfterARestart_EverythingFreshIsAHit_OnBothFaces()
    {
        await using var origin = new FakeOrigin(request => FakeOrigin.Response($"\"{request.Target}\"", "Cache-Control: max-age=60", "Content-Type: application/json"));
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
    public async Task KilledAtRandomMomentsUnderLoad_ItStarts_TheFileIsSound_AndNoBodyIsCutOff()
    {
        var kills = Environment.GetEnvironmentVariable("CACHING_PROXY_SOAK") == "1" ? 100 : 10;
        await using var origin = new FakeOrigin(request => FakeOrigin.Response(BodyOf(request.Target), "Cache-Control: max-age=3600"));
        var path = _folder.File("cache.db");
        var hits = 0;
        for (var round = 0; round < kills; round++)
        {
            using var proxy = await ProxyProcess.StartAsync("--origin", origin.Url.ToString(), "--store", $"sqlite:{path}");
            proxy.Client.DefaultRequestHeaders.Host = "localhost";
            using var kill = new CancellationTokenSource();
            var workers = Enumerable.Range(0, 4).Select(worker => WorkAsync(proxy, new Random((round * 10) + worker), () => Interlocked.Increment(ref hits), kill.Token)).ToList();
            await Task.WhenAny(Task.WhenAll(workers), WaitForAsync(origin, origin.Requests.Count + 20 + Random.Shared.Next(200)));
            await proxy.KillAsync();
            await kill.CancelAsync();
            await Task.WhenAll(workers);
        }

        Assert.True(hits > kills, $"Only {hits} hits.");
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        using var check = connection.CreateCommand();
        check.CommandText = "PRAGMA integrity_check";
        Assert.Equal("ok", check.ExecuteScalar());
    }

    // The client's host is a part of the key, and the port of the proxy another each time.
    private Task<TestProxy> StartAsync(FakeOrigin origin) => TestProxy.StartAsync(
        origin, new ProxySettings { Store = StoreSetting.Parse($"sqlite:{_folder.File("cache.db")}") }, host: "localhost");

    private static async Task WorkAsync(ProxyProcess proxy, Random random, Action onHit, CancellationToken killed)
    {
        try
        {
            while (!killed.IsCancellationRequested)
            {
                var target = $"/{random.Next(2000)}";
                var response = await proxy.Client.GetAsync(target, killed);
                var body = await response.Content.ReadAsStringAsync(killed);
                Assert.True(body == BodyOf(target), $"{target} had {body.Length} characters.");
                if (response.Headers.GetValues("X-Cache").Single() == "HIT")
                {
                    onHit();
                }
            }
        }
        catch (Exception end) when (end is HttpRequestException or OperationCanceledException or IOException)
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

    // One in ten is larger than what stands in one row.
    private static string BodyOf(string target)
    {
        var number = int.Parse(target[1..], System.Globalization.CultureInfo.InvariantCulture);
        return string.Concat(Enumerable.Repeat($"{number}.", number % 10 == 0 ? 60_000 : 100));
    }
}
