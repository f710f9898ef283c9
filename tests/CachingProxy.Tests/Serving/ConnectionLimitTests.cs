using System.Net.Sockets;
using CachingProxy.TestKit;

namespace CachingProxy.Tests.Serving;

/// <summary>M20: with few descriptors, connections on which nobody asks for anything keep nobody out.</summary>
public class ConnectionLimitTests
{
    [Fact]
    public async Task M20_WithFewDescriptors_AndMoreIdleConnectionsThanThat_EverybodyWhoAsksIsAnswered()
    {
        await using var origin = new FakeOrigin(request => FakeOrigin.Response(request.Target, "Cache-Control: no-store"));
        using var proxy = await ProxyProcess.StartWithDescriptorsAsync(1024, "--origin", origin.Url.ToString());
        Assert.Contains("permits 1024 open files", await proxy.ReadErrorLineAsync());
        var idle = new List<TcpClient>();
        try
        {
            for (var number = 0; number < 1200; number++)
            {
                var client = new TcpClient();
                await client.ConnectAsync("127.0.0.1", proxy.Client.BaseAddress!.Port);
                idle.Add(client);
            }

            for (var number = 0; number < 20; number++)
            {
                using var client = new HttpClient { BaseAddress = proxy.Client.BaseAddress, Timeout = TimeSpan.FromSeconds(10) };
                Assert.Equal($"/{number}", await client.GetStringAsync($"/{number}"));
                Assert.Equal("OK", (await client.GetAsync("/healthz")).StatusCode.ToString());
            }
        }
        finally
        {
            idle.ForEach(client => client.Dispose());
        }

        Assert.Equal("/after", await proxy.Client.GetStringAsync("/after"));
    }

    [Fact]
    public async Task I05_M20_AConnectionThatIsBeingAnswered_MakesNoRoom()
    {
        var release = new TaskCompletionSource();
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                await release.Task;
                await connection.SendAsync(FakeOrigin.Response("whole"));
            }
        );
        using var proxy = await ProxyProcess.StartWithDescriptorsAsync(256, "--origin", origin.Url.ToString());
        var answer = proxy.Client.GetStringAsync("/x");
        await Eventually.IsAsync(() => !origin.Requests.IsEmpty);
        var idle = new List<TcpClient>();
        for (var number = 0; number < 300; number++)
        {
            var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", proxy.Client.BaseAddress!.Port);
            idle.Add(client);
        }

        release.SetResult();
        Assert.Equal("whole", await answer);
        idle.ForEach(client => client.Dispose());
    }
}
