using System.Net;
using CachingProxy.TestKit;

namespace CachingProxy.Tests.Serving;

/// <summary>The process where the machine gives it little.</summary>
public class NarrowPlacesTests
{
    [Fact]
    public async Task I19_AStandardErrorThatNobodyReads_StopsNothing()
    {
        using var proxy = await ProxyProcess.StartUnreadAsync();
        // A line for each origin that cannot be reached, and many more lines than fit into a pipe.
        foreach (var ports in Enumerable.Range(10_000, 2_000).Chunk(50))
        {
            var answers = await Task.WhenAll(
                ports.Select(port => proxy.Client.GetAsync($"/proxy?url=http://127.0.0.1:{port}/", TestContext.Current.CancellationToken))
            );
            Assert.All(answers, answer => Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode));
        }

        using var health = await proxy.Client.GetAsync("/healthz", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
    }

    [Fact]
    public async Task M19_InAHeapOf128MiB_WithAGigabyteOfObjects_EverythingIsServed()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response(new string('x', 1_000_000), "Cache-Control: max-age=600"));
        using var proxy = await ProxyProcess.StartInHeapAsync(128 << 20, "--origin", origin.Url.ToString());

        foreach (var numbers in Enumerable.Range(0, 1000).Chunk(8))
        {
            var lengths = await Task.WhenAll(
                numbers.Select(async number =>
                    (await proxy.Client.GetByteArrayAsync($"/{number}", TestContext.Current.CancellationToken)).Length
                )
            );
            Assert.All(lengths, length => Assert.Equal(1_000_000, length));
        }
    }
}
