using System.Collections.Concurrent;
using System.IO.Pipelines;
using CachingProxy.Core.Decisions;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Responding;
using CachingProxy.TestKit;

namespace CachingProxy.Core.Tests.Messages;

public class BodyTests
{
    private static readonly byte[] Content = [.. Enumerable.Range(0, 10_000).Select(i => (byte)(i * 7919 >> 3))];

    /// <summary>Every kind of shared content, each of them the same bytes.</summary>
    public static TheoryData<string> Kinds => ["one piece", "pieces", "pieces, some empty", "chunks", "chunks, read ahead"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task SharedContent_IsReadFromEveryOffset(string kind)
    {
        var body = OfKind(kind);
        Assert.Equal(Content.Length, body.Length);
        for (var offset = 0; offset < Content.Length; offset += 97)
        {
            var bytes = await body.ReadAsync(offset, default);
            Assert.False(bytes.IsEmpty);
            Assert.Equal(Content.AsSpan(offset, bytes.Length), bytes.Span);
        }

        Assert.True((await body.ReadAsync(Content.Length, default)).IsEmpty);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task APiece_IsThatPiece_HoweverItIsRead(string kind)
    {
        foreach (var (offset, length) in ((int, int)[])[(0, 10_000), (0, 1), (999, 2), (1000, 1000), (500, 9500), (9999, 1), (3000, 0)])
        {
            Assert.Equal(Content[offset..(offset + length)], await StreamedAsync(OfKind(kind).Slice(offset, length)));
            Assert.Equal(Content[offset..(offset + length)], await CopiedAsync(OfKind(kind).Slice(offset, length)));
        }

        Assert.Equal(Content[1500..1800], await CopiedAsync(OfKind(kind).Slice(1000, 2000).Slice(500, 300)));
    }

    [Fact]
    public async Task ContentsInARow_AreOne_AlsoWhereALengthIsKnownAtItsEndAlone()
    {
        var body = new ConcatenatedBody(
            ResponseBody.Empty,
            OfKind("pieces").Slice(0, 10),
            new PassingBody(new OriginResponse(200, Some.Fields(), new MemoryStream(Content[10..5000]))),
            OfKind("chunks").Slice(5000, 5000)
        );
        Assert.Null(body.Length);
        Assert.Equal(Content, await CopiedAsync(body));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task AStoredBody_EndsWithItsClient(string kind) => EndsWithItsClientAsync(OfKind(kind));

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task APieceOfAStoredBody_EndsWithItsClient(string kind) => EndsWithItsClientAsync(OfKind(kind).Slice(500, 9000));

    [Fact]
    public Task SeveralPieces_EndWithTheirClient() =>
        EndsWithItsClientAsync(
            MultipartBody
                .Of(
                    OfKind("pieces"),
                    [new RangeDecision.Slice(0, 5000, new(0, 4999, 10_000)), new RangeDecision.Slice(6000, 4000, new(6000, 9999, 10_000))],
                    ""
                )
                .Body
        );

    [Fact]
    public async Task TheNextChunk_IsFetchedWhileAClientTakesTheLast_ButNoneBeyondThePiece()
    {
        var chunks = new Chunks();
        var piece = chunks.ReadAhead().Slice(500, 2000);
        await piece.ReadAsync(0, default);
        Assert.Equal([0, 1], chunks.Asked);
        await piece.ReadAsync(500, default);
        Assert.Equal([0, 1, 2], chunks.Asked);
        await piece.ReadAsync(1500, default);
        Assert.Equal([0, 1, 2], chunks.Asked);
    }

    [Fact]
    public async Task AChunkThatWasFetchedInVain_MayBeDamaged()
    {
        await using var body = new Chunks(damaged: 1).ReadAhead();
        Assert.Equal(1000, (await body.ReadAsync(0, default)).Length);
    }

    [Fact]
    public async Task ADamagedChunk_IsATruncatedBody()
    {
        await using var body = new Chunks(damaged: 1).ReadAhead();
        var broken = await Assert.ThrowsAsync<OriginException>(async () => await CopiedAsync(body));
        Assert.Equal(OriginError.Truncated, broken.Error);
    }

    [Fact]
    public async Task AClientThatGoes_DoesNotWaitForTheStore()
    {
        var answer = new TaskCompletionSource();
        await using var body = new Chunks(answer: answer.Task).ReadAhead();
        using var gone = new CancellationTokenSource();
        var reading = body.ReadAsync(0, gone.Token).AsTask();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        answer.SetResult();
    }

    [Fact]
    public async Task AStream_EndsItsContent()
    {
        var origin = new OriginResponse(200, Some.Fields(), new MemoryStream(Content));
        await using (var stream = new PassingBody(origin).AsStream())
        {
            Assert.Equal(10, await stream.ReadAsync(new byte[10], TestContext.Current.CancellationToken));
        }

        Assert.False(origin.Body.CanRead);
    }

    private static ResponseBody OfKind(string kind) =>
        kind switch
        {
            "one piece" => ResponseBody.InMemory(Content),
            "pieces" => new StoredBody([.. Content.Chunk(1000).Select(chunk => (ReadOnlyMemory<byte>)chunk)]),
            "pieces, some empty" => new StoredBody([
                Array.Empty<byte>(),
                Content.AsMemory(0, 1),
                Array.Empty<byte>(),
                Array.Empty<byte>(),
                Content.AsMemory(1),
                Array.Empty<byte>(),
            ]),
            "chunks" => new Chunks(),
            "chunks, read ahead" => new Chunks().ReadAhead(),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
        };

    private static async Task<byte[]> StreamedAsync(ResponseBody body)
    {
        var received = new MemoryStream();
        await using var stream = body.AsStream();
        await stream.CopyToAsync(received, 333);
        return received.ToArray();
    }

    private static async Task<byte[]> CopiedAsync(ResponseBody body)
    {
        var received = new MemoryStream();
        var pipe = PipeWriter.Create(received, new StreamPipeWriterOptions(leaveOpen: true));
        await using (body)
        {
            await body.CopyToAsync(pipe, default);
        }

        await pipe.CompleteAsync();
        return received.ToArray();
    }

    // No body goes on writing to a client that has gone.
    private static async Task EndsWithItsClientAsync(ResponseBody body)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        await pipe.Reader.CompleteAsync();
        await using (body)
        {
            await Assert.ThrowsAsync<OperationCanceledException>(async () => await body.CopyToAsync(pipe.Writer, CancellationToken.None));
        }
    }

    private sealed class Chunks(int damaged = -1, Task? answer = null) : ChunkedBody(Content.Length, 1000)
    {
        public ConcurrentQueue<int> Asked { get; } = [];

        protected override async ValueTask<byte[]?> ReadChunkAsync(int number)
        {
            Asked.Enqueue(number);
            await (answer ?? Task.CompletedTask);
            return number == damaged ? null : Content.AsMemory(number * 1000, 1000).ToArray();
        }
    }
}
