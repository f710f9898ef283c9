using System.IO.Pipelines;
using CachingProxy.Core.Messages;
using CachingProxy.TestKit;

namespace CachingProxy.Core.Tests;

/// <summary>A hit costs the same memory whatever the size of its body: nothing is copied for the request.</summary>
public class HitAllocationTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1_000)]
    [InlineData(5_000_000)]
    public async Task AHit_AllocatesAtMost512Bytes_AndNoCopyOfTheBody(int bodyBytes)
    {
        var engine = new TestEngine();
        var face = Some.Face(
            new ScriptedOrigin(_ => Some.Response(new string('x', bodyBytes), 200, "Cache-Control: max-age=60", "Content-Type: text/plain"))
        );
        await engine.ServeAsync(Some.Request(face));
        var request = Some.Request(face, fields: ["Accept: */*", "User-Agent: test"]);
        var destination = new DiscardingWriter();

        // Once before, for what is made on first use.
        await ServeAsync(engine, request, destination);
        var before = GC.GetAllocatedBytesForCurrentThread();
        const int Hits = 100;
        for (var hit = 0; hit < Hits; hit++)
        {
            await ServeAsync(engine, request, destination);
        }

        var perHit = (GC.GetAllocatedBytesForCurrentThread() - before) / Hits;
        output.WriteLine($"{perHit} bytes a hit");
        Assert.Equal((long)bodyBytes * (Hits + 1), destination.Written);
        Assert.InRange(perHit, 0, 512);
    }

    // A hit in memory is done when the call returns, so that all of it is on this thread.
    private static async ValueTask ServeAsync(TestEngine engine, CacheRequest request, PipeWriter destination)
    {
        var result = await engine.Engine.ServeAsync(request, default);
        Assert.True(result.CacheStatus.IsHit);
        await result.Body.CopyToAsync(destination, default);
    }

    private sealed class DiscardingWriter : PipeWriter
    {
        public long Written { get; private set; }

        public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
        {
            Written += source.Length;
            return default;
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => default;

        public override void Advance(int bytes) => throw new NotSupportedException();

        public override Memory<byte> GetMemory(int sizeHint = 0) => throw new NotSupportedException();

        public override Span<byte> GetSpan(int sizeHint = 0) => throw new NotSupportedException();

        public override void CancelPendingFlush() { }

        public override void Complete(Exception? exception = null) { }
    }
}
