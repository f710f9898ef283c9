using System.Net;
using System.Text;
using CachingProxy.Configuration;
using CachingProxy.TestKit;
using Microsoft.Data.Sqlite;

namespace CachingProxy.Tests.Stores;

/// <summary>Rows K and L of the catalogue of attacks that are about tiers as a whole.</summary>
public sealed class TierTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("Authorization: Basic eA==", "Cache-Control: max-age=60")]
    [InlineData("X-A: b", "Cache-Control: private, max-age=60")]
    [InlineData("X-A: b", "Cache-Control: no-store")]
    [InlineData("X-A: b", "Set-Cookie: nonce-0815-cookie=1")]
    [InlineData("Cookie: sid=1", "X-B: c")]
    [InlineData("X-Api-Key: 1", "X-B: c")]
    public async Task K16_WhatIsPersonal_IsInNoFile(string requestField, string responseField)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("nonce-0815", responseField));
        await using (var proxy = await StartAsync(origin))
        {
            Assert.Contains("nonce-0815", await proxy.ExchangeAsync(proxy.Raw("GET", "/x", requestField, "Connection: close")));
        }

        Assert.All(
            Directory.GetFiles(_folder.Path),
            file => Assert.DoesNotContain("nonce-0815", Encoding.Latin1.GetString(File.ReadAllBytes(file)))
        );
    }

    [Fact]
    public async Task K15_TheSecretsOfTheOperator_AreInNoFile()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x", "Cache-Control: max-age=60"));
        await using (
            var proxy = await StartAsync(
                origin,
                new ProxySettings { OriginFields = [new("X-Api-Key", "secret-4711")], AdminToken = "secret-4711" }
            )
        )
        {
            await proxy.Client.GetAsync("/x");
        }

        Assert.All(
            Directory.GetFiles(_folder.Path),
            file => Assert.DoesNotContain("secret-4711", Encoding.Latin1.GetString(File.ReadAllBytes(file)))
        );
    }

    [Fact]
    public async Task K15_TheSecretsOfTheOperator_AreInNothingThatTheProcessSays()
    {
        var (exitCode, output) = await ProxyProcess.RunAsync(
            "--origin",
            "http://127.0.0.1:9",
            "--admin-token",
            "secret 4711",
            "--store",
            "redis://:secret-4711@ /x",
            "--origin-header",
            "secret-4711"
        );
        Assert.Equal(2, exitCode);
        Assert.DoesNotContain("4711", output);
    }

    [Theory]
    [InlineData("/x")]
    [InlineData("/proxy?url=x")]
    [InlineData("/proxy?url=http://other.example.test:1/y")]
    public async Task K02_AnErrorOfOurs_TellsNothingOfTheInside(string target)
    {
        await using var origin = new FakeOrigin(
            (_, connection) =>
            {
                connection.Reset();
                return Task.CompletedTask;
            }
        );
        await using var proxy = await StartAsync(origin, new ProxySettings { OriginFields = [new("X-Api-Key", "secret-4711")] });
        var answer = await proxy.ExchangeAsync(
            proxy.Raw("GET", target, "Authorization: Bearer client-4711", "X-Real-IP: 1.2.3.4", "Connection: close")
        );
        Assert.Matches("^HTTP/1.1 (502|403) ", answer);
        Assert.DoesNotContain("4711", answer);
        Assert.DoesNotContain("   at ", answer);
        Assert.DoesNotContain("Exception", answer);
    }

    [Fact]
    public async Task L05_AnEntryWhoseContentIsNotAllThere_IsNeverServedAsWhole()
    {
        var asked = 0;
        await using var origin = new FakeOrigin(_ =>
            FakeOrigin.Response(new string((char)('a' + asked++), 300_000), "Cache-Control: max-age=60")
        );
        await using (var proxy = await StartAsync(origin))
        {
            await proxy.Client.GetStringAsync("/x");
        }

        using (var connection = new SqliteConnection($"Data Source={_folder.File("cache.db")};Pooling=false"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "DELETE FROM chunks WHERE id % 1024 = 2";
            Assert.Equal(1, command.ExecuteNonQuery());
        }

        await using var after = await StartAsync(origin);
        var body = await after.Client.GetStringAsync("/x");
        Assert.Equal(new string('b', 300_000), body);
    }

    [Fact]
    public async Task L08_WhileTheFileCannotBeWritten_APurgeIsNoSuccess_AndHoldsAllTheSame()
    {
        var asked = 0;
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response($"{++asked}", "Cache-Control: max-age=60"));
        await using var proxy = await StartAsync(origin);
        await proxy.Client.GetStringAsync("/x");
        using var connection = new SqliteConnection($"Data Source={_folder.File("cache.db")};Pooling=false");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA busy_timeout=5000; BEGIN EXCLUSIVE";
        command.ExecuteNonQuery();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await proxy.Client.DeleteAsync("/cache?url=/x")).StatusCode);
        Assert.Equal("2", await proxy.Client.GetStringAsync("/x"));
    }

    [Theory]
    [InlineData("url=*")]
    [InlineData("url=")]
    [InlineData("prefix=*")]
    [InlineData("url=..%2F")]
    [InlineData("prefix=%2Fa%3Fb")]
    [InlineData("all=true")]
    [InlineData("tag=")]
    public async Task L09_WhatIsNoTarget_IsRefused_AndPurgesNothing(string query)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x", "Cache-Control: max-age=60"));
        await using var proxy = await StartAsync(origin, new ProxySettings { Origin = new Uri(origin.Url, "/base") });
        await proxy.Client.GetStringAsync("/x");
        Assert.Equal(HttpStatusCode.BadRequest, (await proxy.Client.DeleteAsync($"/cache?{query}")).StatusCode);
        Assert.Equal("HIT", (await proxy.Client.GetAsync("/x")).Headers.GetValues("X-Cache").Single());
    }

    [Fact]
    public async Task L11_APurgeWhileAnEntryMovesUp_IsNotOutlivedByIt()
    {
        var version = 0;
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response($"{Volatile.Read(ref version)}", "Cache-Control: max-age=60"));
        // A memory that keeps next to nothing: each look-up goes to the file.
        await using var proxy = await StartAsync(origin, new ProxySettings { MaxMemoryBytes = 4096 });
        for (var round = 0; round < 100; round++)
        {
            await proxy.Client.GetStringAsync("/x");
            Interlocked.Increment(ref version);
            var readers = Enumerable.Range(0, 4).Select(_ => proxy.Client.GetStringAsync("/x")).ToList();
            Assert.Equal(HttpStatusCode.OK, (await proxy.Client.DeleteAsync("/cache?url=/x")).StatusCode);
            Assert.Equal($"{version}", await proxy.Client.GetStringAsync("/x"));
            await Task.WhenAll(readers);
        }
    }

    private async Task<TestProxy> StartAsync(FakeOrigin origin, ProxySettings? settings = null)
    {
        settings = (settings ?? new()) with { Store = new StoreSetting.Sqlite(_folder.File("cache.db")) };
        var proxy = await TestProxy.StartWithAsync(settings.Origin is null ? settings with { Origin = origin.Url } : settings, new());
        proxy.Client.DefaultRequestHeaders.Host = "localhost";
        if (settings.AdminToken is { } token)
        {
            proxy.Client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        }

        return proxy;
    }
}
