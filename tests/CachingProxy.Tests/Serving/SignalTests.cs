using CachingProxy.TestKit;

namespace CachingProxy.Tests.Serving;

/// <summary>M23: what becomes of the process, and of those whom it serves, when it is told to stop.</summary>
public class SignalTests
{
    [Theory]
    [InlineData(15)]
    [InlineData(2)]
    [InlineData(1)]
    public async Task M23_ASignal_LetsWhatIsUnderWayFinish_AndSaysSo(int signal)
    {
        var release = new TaskCompletionSource();
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                await release.Task;
                await connection.SendAsync(FakeOrigin.Response("whole"));
            }
        );
        using var proxy = await ProxyProcess.StartAsync("--origin", origin.Url.ToString());
        var answer = proxy.Client.GetStringAsync("/x");
        await Eventually.IsAsync(() => !origin.Requests.IsEmpty);
        proxy.Signal(signal);
        Assert.Contains("waiting for 1 request, 10 s at most; again to quit at once", await proxy.ReadErrorLineAsync());
        release.SetResult();
        Assert.Equal("whole", await answer);
        Assert.Equal(0, await proxy.ExitCodeAsync());
    }

    [Theory]
    [InlineData(15, 143)]
    [InlineData(2, 130)]
    public async Task M23_TheSecondSignal_EndsAtOnce(int signal, int exitCode)
    {
        await using var origin = new FakeOrigin((_, _) => Task.Delay(Timeout.Infinite));
        using var proxy = await ProxyProcess.StartAsync("--origin", origin.Url.ToString());
        _ = proxy.Client.GetAsync("/x");
        await Eventually.IsAsync(() => !origin.Requests.IsEmpty);
        proxy.Signal(signal);
        await proxy.ReadErrorLineAsync();
        proxy.Signal(signal);
        Assert.Equal(exitCode, await proxy.ExitCodeAsync());
    }

    [Fact]
    public async Task M26_AConfigurationThatWasSpoilt_IsNotReadAgain_AndSighupBeginsAStop()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("caching-proxy.json");
        await File.WriteAllTextAsync(file, "{ \"ttl\": 5 }", TestContext.Current.CancellationToken);
        using var proxy = await ProxyProcess.StartAsync("--config", file);
        await File.WriteAllTextAsync(file, "{ not json", TestContext.Current.CancellationToken);

        Assert.Equal(
            System.Net.HttpStatusCode.OK,
            (await proxy.Client.GetAsync("/healthz", TestContext.Current.CancellationToken)).StatusCode
        );
        proxy.Signal(1);
        Assert.Equal(0, await proxy.ExitCodeAsync());
    }

    [Fact]
    public async Task M23_AnEventStream_EndsWhenTheStopBegins()
    {
        await using var origin = new FakeOrigin(
            async (_, connection) =>
            {
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n");
                await Task.Delay(Timeout.Infinite);
            }
        );
        using var proxy = await ProxyProcess.StartAsync("--origin", origin.Url.ToString());
        using var response = await proxy.Client.GetAsync("/events", HttpCompletionOption.ResponseHeadersRead);
        var events = await response.Content.ReadAsStreamAsync();
        Assert.True(await events.ReadAsync(new byte[100]) > 0);
        var begun = TimeProvider.System.GetTimestamp();
        proxy.Signal(15);
        Assert.Equal(0, await proxy.ExitCodeAsync());
        Assert.InRange(TimeProvider.System.GetElapsedTime(begun).TotalSeconds, 0, 8);
    }
}
