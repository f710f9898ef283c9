using System.IO.Pipelines;
using CachingProxy.Core.Decisions;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Responding;

namespace CachingProxy.Core.Tests.Messages;

/// <summary>No body goes on writing to a client that has gone.</summary>
public class BodyTests
{
    private static readonly ReadOnlyMemory<byte>[] Chunks = [.. Enumerable.Range(0, 10).Select(_ => (ReadOnlyMemory<byte>)new byte[1000])];

    [Fact]
    public Task WhatIsStored_EndsWithItsClient() => EndsAsync(new StoredBody(Chunks), (body, pipe) => body.CopyToAsync(pipe, CancellationToken.None));

    [Fact]
    public Task APieceOfWhatIsStored_EndsWithItsClient() => EndsAsync(new StoredBody(Chunks), (body, pipe) => body.CopyRangeToAsync(pipe, 500, 9000, CancellationToken.None));

    [Fact]
    public Task SeveralPieces_EndWithTheirClient() => EndsAsync(
        new MultipartBody(new StoredBody(Chunks), [new RangeDecision.Slice(0, 5000, new(0, 4999, 10_000)), new RangeDecision.Slice(6000, 4000, new(6000, 9999, 10_000))], ""),
        (body, pipe) => body.CopyToAsync(pipe, CancellationToken.None));

    [Fact]
    public Task WhatIsReadInChunks_EndsWithItsClient() => EndsAsync(new FailingBody(), (body, pipe) => body.CopyToAsync(pipe, CancellationToken.None));

    private static async Task EndsAsync(ResponseBody body, Func<ResponseBody, PipeWriter, ValueTask> copy)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        await pipe.Reader.CompleteAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await copy(body, pipe.Writer));
    }

    /// <summary>Its second chunk, which is read ahead, is damaged: nobody asks.</summary>
    private sealed class FailingBody() : ChunkedBody(2000, 1000)
    {
        protected override ValueTask<byte[]?> ReadChunkAsync(int number) => new(number == 0 ? new byte[1000] : null);
    }
}
