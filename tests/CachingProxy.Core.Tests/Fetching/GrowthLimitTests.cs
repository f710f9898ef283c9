using System.IO.Pipelines;
using CachingProxy.Core.Fetching;
using CachingProxy.Core.Messages;
using CachingProxy.TestKit;

namespace CachingProxy.Core.Tests.Fetching;

/// <summary>What bodies that arrive may take, and whom they may hold up.</summary>
public class GrowthLimitTests
{
    private const int Large = 20_000_000;

    private readonly TestEngine _engine = new();

    [Fact]
    public async Task AReaderThatHoldsTheOthersUp_IsCutOff_AndTheyGoOn()
    {
        var content = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        var face = Some.Face(
            new ScriptedOrigin(_ => new OriginResponse(200, Some.Fields("Cache-Control: max-age=60"), content.Reader.AsStream())),
            new CachePolicy { MaxObjectBytes = 1_000_000 }
        );
        await using var quick = await _engine.Engine.ServeAsync(Some.Request(face), default);
        await using var slow = await _engine.Engine.ServeAsync(Some.Request(face), default);
        await content.Writer.WriteAsync(new byte[Large]);
        await content.Writer.CompleteAsync();

        // It takes what a client buffers, and then nothing more.
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 64 * 1024, resumeWriterThreshold: 1));
        var stuck = slow.Body.CopyToAsync(pipe.Writer, default).AsTask();
        var read = TestEngine.ReadAsync(quick);
        while (_engine.Engine.ReadersCutOff == 0)
        {
            // Time passes only for the one who is behind.
            if (((GrowingBodyReader)quick.Body).Position > ((GrowingBodyReader)slow.Body).Position + (GrowingBody.WindowBytes / 2))
            {
                _engine.Time.Advance(GrowingBody.SlowReaderLimit);
            }

            await Task.Yield();
        }

        Assert.Equal(Large, (await read).Length);

        // It learns of it when it asks for more.
        var drained = pipe.Reader.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);
        Assert.Equal(OriginError.Truncated, (await Assert.ThrowsAsync<OriginException>(() => stuck)).Error);
        Assert.Equal(1, _engine.Engine.ReadersCutOff);
        await pipe.Writer.CompleteAsync();
        await drained;
    }

    // It was counted among those who wait for the first fetch, whose beginning is let go only when all of them have looked.
    [Fact]
    public async Task ARequestThatWaitedInVain_AndFetchesForItself_HoldsUpNobodyWhoReads()
    {
        var content = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var own = new TaskCompletionSource<OriginResponse>(TaskCreationOptions.RunContinuationsAsynchronously);
        var asked = 0;
        var origin = new ScriptedOrigin(async _ =>
        {
            if (Interlocked.Increment(ref asked) > 1)
            {
                return await own.Task;
            }

            await gate.Task;
            return new OriginResponse(200, Some.Fields("Cache-Control: max-age=60"), content.Reader.AsStream());
        });
        var face = Some.Face(origin, new CachePolicy { MaxObjectBytes = 1_000_000 });
        var reads = _engine.ServeAsync(Some.Request(face));
        var wantsItsOwn = _engine.ServeAsync(Some.Request(face, fields: "Cache-Control: no-cache"));
        gate.SetResult();
        await content.Writer.WriteAsync(new byte[Large], TestContext.Current.CancellationToken);
        await content.Writer.CompleteAsync();

        Assert.Equal(Large, (await reads.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)).Body.Length);
        own.SetResult(Some.Response("its own"));
        Assert.Equal("its own", (await wantsItsOwn).Body);
    }

    [Fact]
    public async Task AClientThatIsAlone_MayBeAsSlowAsItLikes()
    {
        var face = Some.Face(
            new ScriptedOrigin(_ => new OriginResponse(200, Some.Fields("Cache-Control: max-age=60"), new MemoryStream(new byte[Large]))),
            new CachePolicy { MaxObjectBytes = 1_000_000 }
        );
        await using var result = await _engine.Engine.ServeAsync(Some.Request(face), default);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 64 * 1024, resumeWriterThreshold: 1));
        var copied = result.Body.CopyToAsync(pipe.Writer, default).AsTask();
        _engine.Time.Advance(TimeSpan.FromMinutes(10));
        var received = 0L;
        while (received < Large)
        {
            var read = await pipe.Reader.ReadAsync();
            received += read.Buffer.Length;
            pipe.Reader.AdvanceTo(read.Buffer.End);
        }

        await copied;
        Assert.Equal(0, _engine.Engine.ReadersCutOff);
    }

    [Fact]
    public async Task OverTheBudgetOfAll_ABodyIsPassedOnWhole_AndNotStored()
    {
        var engine = new TestEngine(maxGrowingBytes: 1_000_000);
        var origin = new ScriptedOrigin(_ => new OriginResponse(
            200,
            Some.Fields("Cache-Control: max-age=60"),
            new MemoryStream(new byte[Large])
        ));
        var face = Some.Face(origin);
        Assert.Equal(Large, (await engine.ServeAsync(Some.Request(face))).Body.Length);
        await engine.SettleAsync();
        Assert.Equal(Large, (await engine.ServeAsync(Some.Request(face))).Body.Length);
        await engine.SettleAsync();
        Assert.Equal(2, origin.Requests.Count);
        Assert.Equal(0, engine.Engine.GrowingBytes);
    }

    [Fact]
    public async Task AFetchThatNobodyReads_HasAnEnd()
    {
        var body = new Pipe();
        var face = Some.Face(
            new ScriptedOrigin(_ => new OriginResponse(200, Some.Fields("Cache-Control: max-age=60"), body.Reader.AsStream()))
        );
        var result = await _engine.Engine.ServeAsync(Some.Request(face), default);
        await body.Writer.WriteAsync(new byte[10]);
        await result.DisposeAsync();
        _engine.Time.Advance(TimeSpan.FromSeconds(60));
        await body.Writer.WriteAsync(new byte[10]);
        await _engine.SettleAsync();
        Assert.Equal(0, _engine.Engine.GrowingBytes);
    }

    [Fact]
    public async Task WhoWaitedForWhatGrowsTooLarge_IsServedFromIt_HoweverFastItGrows()
    {
        var head = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var origin = new ScriptedOrigin(async _ =>
        {
            await head.Task;
            return new OriginResponse(200, Some.Fields("Cache-Control: max-age=60"), new MemoryStream(new byte[Large / 10]));
        });
        var face = Some.Face(origin, new CachePolicy { MaxObjectBytes = 1000 });
        var clients = Enumerable.Range(0, 50).Select(_ => _engine.ServeAsync(Some.Request(face))).ToList();
        head.SetResult();
        Assert.All(await Task.WhenAll(clients), client => Assert.Equal(Large / 10, client.Body.Length));
        Assert.Single(origin.Requests);
    }

    [Fact]
    public async Task WhatGrewTooLargeOnce_IsPassedOnTheNextTime_UnlessItSaysThatItIsNot()
    {
        var announces = false;
        var origin = new ScriptedOrigin(_ => new OriginResponse(
            200,
            Some.Fields("Cache-Control: max-age=60"),
            new MemoryStream(new byte[announces ? 500 : 2000])
        )
        {
            ContentLength = announces ? 500 : null,
        });
        var request = Some.Request(Some.Face(origin, new CachePolicy { MaxObjectBytes = 1000 }));
        await _engine.ServeAsync(request);
        await _engine.SettleAsync();
        var (again, _) = await _engine.ServeAsync(request);
        Assert.Equal(NotStoredReason.TooLarge, again.CacheStatus.NotStored);
        announces = true;
        Assert.True((await _engine.ServeAsync(request)).Result.CacheStatus.IsStored);
    }

    [Fact]
    public async Task WhatGrewTooLargeOnce_IsTriedAgainAfterTheTime_HoweverOftenItIsAskedFor()
    {
        var length = 2000;
        var origin = new ScriptedOrigin(_ => new OriginResponse(
            200,
            Some.Fields("Cache-Control: max-age=1"),
            new MemoryStream(new byte[length])
        ));
        var request = Some.Request(Some.Face(origin, new CachePolicy { MaxObjectBytes = 1000 }));
        await _engine.ServeAsync(request);
        length = 500;
        for (var seconds = 0; seconds < 120; seconds += 10)
        {
            await _engine.SettleAsync();
            _engine.Time.Advance(TimeSpan.FromSeconds(10));
            await _engine.ServeAsync(request);
        }

        await _engine.SettleAsync();
        _engine.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.True((await _engine.ServeAsync(request)).Result.CacheStatus.IsStored);
    }
}
