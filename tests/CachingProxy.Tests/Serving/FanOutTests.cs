using CachingProxy.TestKit;

namespace CachingProxy.Tests.Serving;

/// <summary>A thousand clients of one fetch, when one of the parties goes away in the middle of it.</summary>
public class FanOutTests
{
    private const int Clients = 1000;

    private static readonly string Half = new('a', 50_000);

    [Fact]
    public async Task WhenTheFirstClientIsKilledInMidBody_TheOthersFinish_AndTheEntryIsAHit()
    {
        var rest = new TaskCompletionSource();
        await using var origin = HalvedOrigin(async connection =>
        {
            await rest.Task;
            await connection.SendAsync(Half);
        });
        await using var proxy = await TestProxy.StartAsync(origin);
        var clients = await ConnectAsync(proxy);
        await Task.WhenAll(clients.Select(client => client.ReadUntilAsync("aaa")));
        clients[0].Reset();
        rest.SetResult();
        var received = await Task.WhenAll(clients.Skip(1).Select(client => client.ReadToEndAsync()));
        Assert.All(received, text => Assert.EndsWith("aaa", text));
        Assert.Contains("X-Cache: HIT", await proxy.ExchangeAsync(proxy.Raw("GET", "/x", "Connection: close")));
        Assert.Single(origin.Requests);
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task WhenTheOriginDiesInMidBody_AllSeeABrokenBody_AndTheNextRequestFetches()
    {
        var dies = new TaskCompletionSource();
        await using var origin = HalvedOrigin(async connection =>
        {
            if (dies.Task.IsCompleted)
            {
                await connection.SendAsync(Half);
                return;
            }

            await dies.Task;
            connection.Reset();
        });
        await using var proxy = await TestProxy.StartAsync(origin);
        var clients = await ConnectAsync(proxy);
        await Task.WhenAll(clients.Select(client => client.ReadUntilAsync("aaa")));
        dies.SetResult();
        var received = await Task.WhenAll(clients.Select(client => client.ReadToEndAsync()));
        Assert.All(received, text => Assert.True(text.Count(letter => letter == 'a') < Half.Length * 2, "A broken body looked whole."));
        Assert.Contains("X-Cache: MISS", await proxy.ExchangeAsync(proxy.Raw("GET", "/x", "Connection: close")));
        Assert.Equal(2, origin.Requests.Count);
        clients.ForEach(client => client.Dispose());
    }

    // The content comes in two halves; what comes in the place of the second is for the test to say.
    private static FakeOrigin HalvedOrigin(Func<FakeOriginConnection, Task> then) =>
        new(
            async (_, connection) =>
            {
                await connection.SendAsync(
                    $"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: {Half.Length * 2}\r\n\r\n{Half}"
                );
                await then(connection);
            }
        );

    private static async Task<List<RawClient>> ConnectAsync(TestProxy proxy)
    {
        var clients = new List<RawClient>();
        for (var i = 0; i < Clients; i++)
        {
            clients.Add(await RawClient.ConnectAsync(proxy.Url));
        }

        await Task.WhenAll(clients.Select(client => client.SendAsync(proxy.Raw("GET", "/x", "Connection: close"))));
        return clients;
    }
}
