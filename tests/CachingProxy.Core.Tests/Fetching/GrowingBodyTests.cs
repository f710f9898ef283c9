using System.IO.Pipelines;
using CachingProxy.Core.Fetching;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Tests.Fetching;

public class GrowingBodyTests
{
    [Fact]
    public async Task ReadersGetWhatIsThere_BeforeTheEnd()
    {
        var body = new GrowingBody(null, TimeProvider.System, new GrowthBudget(long.MaxValue));
        await using var reader = body.OpenReader()!;
        Write(body, "abc"u8);
        Assert.Equal("abc"u8.ToArray(), (await reader.ReadAsync(0, default)).ToArray());
    }

    [Fact]
    public async Task AReaderThatWaits_IsWokenByTheNextBytes()
    {
        var body = new GrowingBody(null, TimeProvider.System, new GrowthBudget(long.MaxValue));
        await using var reader = body.OpenReader()!;
        var waiting = reader.ReadAsync(0, default).AsTask();
        Assert.False(waiting.IsCompleted);
        Write(body, "x"u8);
        Assert.Equal(1, (await waiting).Length);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(300_000L)]
    public async Task ManyReadersAtTheirOwnPace_AllReadTheSameBytes(long? announced)
    {
        var content = new byte[300_000];
        new Random(1).NextBytes(content);
        var body = new GrowingBody(announced, TimeProvider.System, new GrowthBudget(long.MaxValue));
        var readers = Enumerable.Range(0, 50).Select(_ => ReadAllAsync(body.OpenReader()!)).ToList();
        for (var sent = 0; sent < content.Length; )
        {
            var memory = body.GetMemory();
            var count = Math.Min(Math.Min(memory.Length, 7777), content.Length - sent);
            content.AsMemory(sent, count).CopyTo(memory);
            body.Advance(count);
            body.Publish();
            sent += count;
            await Task.Yield();
        }

        body.Complete(FieldList.Empty);
        readers.Add(ReadAllAsync(body.OpenReader()!));
        foreach (var read in await Task.WhenAll(readers))
        {
            Assert.Equal(content, read);
        }
    }

    [Fact]
    public async Task AWriterAndAReaderAtFullSpeed_NeverLoseAByteBetweenTwoChunks()
    {
        for (var round = 0; round < 200; round++)
        {
            var body = new GrowingBody(null, TimeProvider.System, new GrowthBudget(long.MaxValue));
            var reading = Task.Run(() => ReadAllAsync(body.OpenReader()!));
            var count = 0;
            for (var write = 0; write < 200; write++)
            {
                var memory = body.GetMemory();
                var size = Math.Min(memory.Length, 1 + ((write * 7919) % 3001));
                for (var i = 0; i < size; i++)
                {
                    memory.Span[i] = (byte)count++;
                }

                body.Advance(size);
                body.Publish();
            }

            body.Complete(FieldList.Empty);
            var read = await reading;
            Assert.Equal(count, read.Length);
            Assert.True(read.Select((value, index) => value == (byte)index).All(same => same), "every byte in its place");
        }
    }

    [Fact]
    public async Task AFailure_ReachesReadersAfterTheBytesThatCame()
    {
        var body = new GrowingBody(10, TimeProvider.System, new GrowthBudget(long.MaxValue));
        await using var reader = body.OpenReader()!;
        Write(body, "abc"u8);
        body.Fail(new OriginException(OriginError.Truncated, "broken"));
        Assert.Equal(3, (await reader.ReadAsync(0, default)).Length);
        Assert.Equal(OriginError.Truncated, (await Assert.ThrowsAsync<OriginException>(() => reader.ReadAsync(3, default).AsTask())).Error);
    }

    [Fact]
    public async Task I09_OnceNotKept_NobodyJoins_AndTheWriterWaitsForTheSlowest()
    {
        var body = new GrowingBody(null, TimeProvider.System, new GrowthBudget(long.MaxValue));
        await using var reader = body.OpenReader()!;
        body.StopKeeping();
        Assert.Null(body.OpenReader());
        while (body.Length < GrowingBody.WindowBytes)
        {
            body.Advance(body.GetMemory().Length);
            body.Publish();
        }

        var waiting = body.WaitForReadersAsync(default).AsTask();
        Assert.False(waiting.IsCompleted);
        var reading = ReadAllAsync(reader);
        Assert.True(await waiting);
        body.Complete(FieldList.Empty);
        Assert.Equal(body.Length, (await reading).Length);
    }

    [Fact]
    public async Task WithoutReaders_TheWriterLearnsIt()
    {
        var body = new GrowingBody(null, TimeProvider.System, new GrowthBudget(long.MaxValue));
        var reader = body.OpenReader()!;
        body.StopKeeping();
        await reader.DisposeAsync();
        Assert.False(await body.WaitForReadersAsync(default));
    }

    private static void Write(GrowingBody body, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(body.GetMemory().Span);
        body.Advance(bytes.Length);
        body.Publish();
    }

    private static async Task<byte[]> ReadAllAsync(GrowingBodyReader reader)
    {
        var received = new MemoryStream();
        var pipe = PipeWriter.Create(received, new StreamPipeWriterOptions(leaveOpen: true));
        await reader.CopyToAsync(pipe, default);
        await pipe.CompleteAsync();
        return received.ToArray();
    }
}
