using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using CachingProxy.Core.Stores;
using CachingProxy.TestKit;

namespace CachingProxy.Core.Tests.Fetching;

/// <summary>One fetch for many: who joins, who is let go, and what purges and failures do to a fetch under way.</summary>
public class FillTests
{
    private readonly TestEngine _engine = new();
    private readonly TaskCompletionSource _head = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task ManyRequestsForOneColdUrl_AreOneRequestToTheOrigin()
    {
        var origin = Slow(_ => Some.Response(new string('x', 200_000), 200, "Cache-Control: max-age=60"));
        var face = Some.Face(origin);
        var clients = Enumerable.Range(0, 100).Select(_ => _engine.ServeAsync(Some.Request(face))).ToList();
        _head.SetResult();
        var answers = await Task.WhenAll(clients);
        Assert.Single(origin.Requests);
        Assert.All(answers, answer => Assert.Equal(200_000, answer.Body.Length));
        Assert.Equal(99, answers.Count(answer => answer.Result.CacheStatus.IsCollapsed));
        await _engine.SettleAsync();
    }

    [Theory]
    [InlineData("Cache-Control: private")]
    [InlineData("Set-Cookie: a=b")]
    [InlineData("Cache-Control: no-cache")]
    public async Task I13_WhatMayNotBeReused_IsFetchedByEachForItself(string field)
    {
        var origin = Slow(_ => Some.Response("body", 200, field, "ETag: \"v\""));
        var face = Some.Face(origin);
        var clients = Enumerable.Range(0, 20).Select(_ => _engine.ServeAsync(Some.Request(face))).ToList();
        _head.SetResult();
        Assert.All(await Task.WhenAll(clients), answer => Assert.Equal((200, "body"), (answer.Result.Status, answer.Body)));
        Assert.Equal(20, origin.Requests.Count);
    }

    [Fact]
    public async Task RequestsForAnotherVariant_AreLetGoWhenTheHeadArrives()
    {
        var origin = Slow(request => Some.Response($"in {request.Fields["Accept-Language"]}", 200, "Vary: Accept-Language"));
        var face = Some.Face(origin);
        var english = _engine.ServeAsync(Some.Request(face, fields: "Accept-Language: en"));
        var german = _engine.ServeAsync(Some.Request(face, fields: "Accept-Language: de"));
        _head.SetResult();
        Assert.Equal("in en", (await english).Body);
        Assert.Equal("in de", (await german).Body);
    }

    [Fact]
    public async Task TheClientThatBeganAFetch_MayLeave_AndTheOthersNoticeNothing()
    {
        var origin = Slow(_ => Some.Response("body", 200, "Cache-Control: max-age=60"));
        var face = Some.Face(origin);
        using var leaving = new CancellationTokenSource();
        var first = _engine.ServeAsync(Some.Request(face), leaving.Token);
        var second = _engine.ServeAsync(Some.Request(face));
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        _head.SetResult();
        Assert.Equal("body", (await second).Body);
        await _engine.SettleAsync();
        Assert.True((await _engine.ServeAsync(Some.Request(face))).Result.CacheStatus.IsHit);
        Assert.Single(origin.Requests);
    }

    [Fact]
    public async Task I10_WhatIsNotShared_IsBrokenOffWhenItsOnlyClientHasLeft()
    {
        var content = new TrackedStream();
        var face = Some.Face(Slow(_ => new OriginResponse(200, Some.Fields("Cache-Control: private"), content)));
        using var leaving = new CancellationTokenSource();
        var client = _engine.ServeAsync(Some.Request(face), leaving.Token);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client);
        _head.SetResult();
        await content.Disposed;
    }

    [Fact]
    public async Task APurgeDuringAFetch_WinsOverThatFetch()
    {
        var origin = Slow(_ => Some.Response("body", 200, "Cache-Control: max-age=60"));
        var face = Some.Face(origin);
        var before = _engine.ServeAsync(Some.Request(face));
        while (origin.Requests.IsEmpty)
        {
            await Task.Yield();
        }

        await _engine.Engine.PurgeAsync(Purge.Url(Some.Key()));
        var after = _engine.ServeAsync(Some.Request(face));
        _head.SetResult();
        await before;
        Assert.False((await after).Result.CacheStatus.IsCollapsed);
        Assert.Equal(2, origin.Requests.Count);
        await _engine.SettleAsync();
        Assert.Single(await _engine.Store.FindAsync(Some.Key()));
    }

    [Fact]
    public async Task APurgeDuringAValidation_IsNotUndoneByThe304()
    {
        var answers = new Queue<Func<Task<OriginResponse>>>([
            () => Task.FromResult(Some.Response("old", 200, "Cache-Control: max-age=1", "ETag: \"v\"")),
            async () =>
            {
                await _head.Task;
                return new OriginResponse(304, Some.Fields("Cache-Control: max-age=60"), Stream.Null);
            },
            () => Task.FromResult(Some.Response("new")),
        ]);
        var face = Some.Face(new ScriptedOrigin(_ => answers.Dequeue()()));
        await _engine.ServeAsync(Some.Request(face));
        await _engine.SettleAsync();
        _engine.Time.Advance(TimeSpan.FromSeconds(2));
        var validating = _engine.ServeAsync(Some.Request(face));
        await _engine.Engine.PurgeAsync(Purge.All());
        _head.SetResult();
        Assert.False((await validating).Result.CacheStatus.IsStored);
        Assert.Equal("new", (await _engine.ServeAsync(Some.Request(face))).Body);
    }

    [Fact]
    public async Task B01_ATruncatedResponse_BreaksForAllWhoRead_AndIsNeverStored()
    {
        var origin = Slow(_ => new OriginResponse(200, Some.Fields("Cache-Control: max-age=60"), new MemoryStream(new byte[5]))
        {
            ContentLength = 10,
        });
        var face = Some.Face(origin);
        var clients = Enumerable.Range(0, 10).Select(_ => _engine.ServeAsync(Some.Request(face))).ToList();
        _head.SetResult();
        foreach (var client in clients)
        {
            Assert.Equal(OriginError.Truncated, (await Assert.ThrowsAsync<OriginException>(() => client)).Error);
        }

        await _engine.SettleAsync();
        Assert.Empty(await _engine.Store.FindAsync(Some.Key()));
    }

    [Fact]
    public async Task I14_AFetchThatFails_FailsForAllWhoWait_AndForNobodyAfterwards()
    {
        var fails = true;
        var origin = Slow(_ => fails ? throw new OriginException(OriginError.Unreachable, "down") : Some.Response());
        var face = Some.Face(origin);
        var clients = Enumerable.Range(0, 10).Select(_ => _engine.ServeAsync(Some.Request(face))).ToList();
        _head.SetResult();
        Assert.All(
            await Task.WhenAll(clients),
            answer => Assert.Equal((502, OriginError.Unreachable), (answer.Result.Status, answer.Result.Failure!.Error))
        );
        await _engine.SettleAsync();
        fails = false;
        Assert.Equal(200, (await _engine.ServeAsync(Some.Request(face))).Result.Status);
    }

    [Fact]
    public async Task WhatTurnsOutTooLarge_ReachesItsReadersWhole_AndIsNotStored()
    {
        var origin = Slow(_ => new OriginResponse(200, Some.Fields("Cache-Control: max-age=60"), new MemoryStream(new byte[3_000_000])));
        var face = Some.Face(origin, new CachePolicy { MaxObjectBytes = 1000 });
        var client = _engine.ServeAsync(Some.Request(face));
        _head.SetResult();
        Assert.Equal(3_000_000, (await client).Body.Length);
        await _engine.SettleAsync();
        Assert.Empty(await _engine.Store.FindAsync(Some.Key()));
    }

    [Fact]
    public async Task SetCookieThatIsStripped_GoesOnlyToTheRequestThatBeganTheFetch()
    {
        var origin = Slow(_ => Some.Response("body", 200, "Cache-Control: max-age=60", "Set-Cookie: a=b"));
        var face = Some.Face(origin, new CachePolicy { SetCookie = SetCookieHandling.Strip });
        var first = _engine.ServeAsync(Some.Request(face));
        var second = _engine.ServeAsync(Some.Request(face));
        _head.SetResult();
        Assert.Equal("a=b", (await first).Result.Fields["Set-Cookie"]);
        Assert.False((await second).Result.Fields.Contains("Set-Cookie"));
    }

    [Fact]
    public async Task B20_A304ThatNobodyAskedFor_IsAFailure_AndNotStored()
    {
        var face = Some.Face(new ScriptedOrigin(_ => new OriginResponse(304, FieldList.Empty, Stream.Null)));
        Assert.Equal(OriginError.InvalidResponse, (await _engine.ServeAsync(Some.Request(face))).Result.Failure!.Error);
    }

    private ScriptedOrigin Slow(Func<OriginRequest, OriginResponse> answer) =>
        new(async request =>
        {
            await _head.Task;
            return answer(request);
        });

    private sealed class TrackedStream : MemoryStream
    {
        private readonly TaskCompletionSource _disposed = new();

        public Task Disposed => _disposed.Task;

        protected override void Dispose(bool disposing)
        {
            _disposed.TrySetResult();
            base.Dispose(disposing);
        }
    }
}
