using System.Net;
using CachingProxy.Configuration;
using CachingProxy.TestKit;

namespace CachingProxy.Tests.Admin;

/// <summary><c>/readyz</c> tells what the proxy does without, and goes on serving.</summary>
public class ReadinessTests
{
    private const string Ready = "{\"status\":\"ready\"}";

    [Fact]
    public async Task WhileTheStoreIsNotInUse_ItIsDegraded_AndReadyAgainAfterwards()
    {
        Assert.SkipWhen(RedisServer.Missing is not null, RedisServer.Missing ?? "");
        using var redis = await RedisServer.StartAsync();
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("ok"));
        await using var proxy = await TestProxy.StartAsync(
            origin,
            new ProxySettings { Store = StoreSetting.Parse($"redis://127.0.0.1:{redis.Port}") }
        );
        await Eventually.IsAsync(async () => await proxy.Client.GetStringAsync("/readyz", TestContext.Current.CancellationToken) == Ready);

        redis.Kill();
        await Eventually.IsAsync(async () =>
        {
            await proxy.Client.GetAsync($"/{Guid.NewGuid()}", TestContext.Current.CancellationToken);
            return (await proxy.Client.GetStringAsync("/readyz", TestContext.Current.CancellationToken)).Contains(
                "\"degraded\",\"reasons\":[\"The store that --store names is not in use",
                StringComparison.Ordinal
            );
        });

        await redis.RestartAsync();
        await Eventually.IsAsync(async () => await proxy.Client.GetStringAsync("/readyz", TestContext.Current.CancellationToken) == Ready);
    }

    [Fact]
    public async Task WhileTheOriginIsDown_ItIsDegraded_With200()
    {
        using var origin = new ClosedPort();
        await using var proxy = await TestProxy.StartWithAsync(new() { Origin = origin.Url }, new());
        await Eventually.IsAsync(async () =>
        {
            await proxy.Client.GetAsync("/x", TestContext.Current.CancellationToken);
            using var response = await proxy.Client.GetAsync("/readyz", TestContext.Current.CancellationToken);
            return response.StatusCode == HttpStatusCode.OK
                && (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Contains(
                    "The last time: The origin refused the connection",
                    StringComparison.Ordinal
                );
        });
    }
}
