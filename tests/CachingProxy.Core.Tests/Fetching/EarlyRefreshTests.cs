using CachingProxy.Core.Messages;
using CachingProxy.TestKit;

namespace CachingProxy.Core.Tests.Fetching;

/// <summary>A refresh beside what is still being served.</summary>
public class EarlyRefreshTests
{
    private static readonly CachePolicy Early = new() { EarlyRefresh = 0.1 };

    private readonly TestEngine _engine = new();

    [Theory]
    [InlineData(89, HitReason.Fresh, 1)]
    [InlineData(95, HitReason.EarlyRefresh, 2)]
    public async Task InTheLastShareOfTheLifetime_AUseRefreshesBesideIt(int age, HitReason reason, int asked)
    {
        var origin = new ScriptedOrigin(_ => new OriginResponse(200, Some.Fields("Cache-Control: max-age=100"), new MemoryStream(10)));
        var request = Some.Request(Some.Face(origin, Early));
        await _engine.ServeAsync(request);
        await _engine.SettleAsync();
        _engine.Time.Advance(TimeSpan.FromSeconds(age));
        var (result, _) = await _engine.ServeAsync(request);
        await _engine.SettleAsync();
        Assert.Equal((reason, asked), (result.CacheStatus.Hit, origin.Requests.Count));

        _engine.Time.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal(asked == 2, (await _engine.ServeAsync(request)).Result.CacheStatus.IsHit);
    }

    [Fact]
    public async Task EachVariant_IsRefreshedBesideTheOthers_AndEachOnce()
    {
        var answers = new TaskCompletionSource();
        var isRefresh = false;
        var origin = new ScriptedOrigin(async request =>
        {
            await (isRefresh ? answers.Task : Task.CompletedTask);
            return Some.Response(request.Fields["X-Kind"].ToString(), 200, "Cache-Control: max-age=100", "Vary: X-Kind");
        });
        var face = Some.Face(origin, Early);
        string[] kinds = ["a", "b", "c"];
        foreach (var kind in kinds)
        {
            await _engine.ServeAsync(Some.Request(face, fields: $"X-Kind: {kind}"));
            await _engine.SettleAsync();
        }

        isRefresh = true;
        _engine.Time.Advance(TimeSpan.FromSeconds(95));
        foreach (var kind in kinds.Concat(kinds))
        {
            Assert.Equal(kind, (await _engine.ServeAsync(Some.Request(face, fields: $"X-Kind: {kind}"))).Body);
        }

        Assert.Equal(3, _engine.Engine.RunningFills);
        answers.SetResult();
        await _engine.SettleAsync();
        Assert.Equal(6, origin.Requests.Count);
    }

    [Fact]
    public async Task AnErrorOfTheRefresh_LeavesWhatIsStored()
    {
        var status = 200;
        var origin = new ScriptedOrigin(_ => Some.Response("body", status, "Cache-Control: max-age=100"));
        var request = Some.Request(Some.Face(origin, Early));
        await _engine.ServeAsync(request);
        await _engine.SettleAsync();
        status = 503;
        _engine.Time.Advance(TimeSpan.FromSeconds(95));
        await _engine.ServeAsync(request);
        await _engine.SettleAsync();
        var (result, _) = await _engine.ServeAsync(request);
        Assert.Equal((200, true, 2), (result.Status, result.CacheStatus.IsHit, origin.Requests.Count));
    }

    [Fact]
    public async Task WhatIsOldWhenItArrives_IsNotRefreshedAtEachUse()
    {
        var origin = new ScriptedOrigin(_ => new OriginResponse(
            200,
            Some.Fields("Cache-Control: max-age=100", "Age: 95"),
            new MemoryStream(10)
        ));
        var request = Some.Request(Some.Face(origin, Early));
        for (var i = 0; i < 20; i++)
        {
            await _engine.ServeAsync(request);
            await _engine.SettleAsync();
        }

        Assert.Single(origin.Requests);
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(1, 21)]
    public async Task ARefreshThatComesToNothing_IsFollowedByAnotherAfterASecond(int secondsBetween, int asked)
    {
        var status = 200;
        var origin = new ScriptedOrigin(_ => new OriginResponse(
            status,
            Some.Fields("Cache-Control: max-age=10, stale-while-revalidate=100"),
            new MemoryStream(10)
        ));
        var request = Some.Request(Some.Face(origin));
        await _engine.ServeAsync(request);
        await _engine.SettleAsync();
        _engine.Time.Advance(TimeSpan.FromSeconds(11));
        status = 503;
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(HitReason.StaleWhileRevalidate, (await _engine.ServeAsync(request)).Result.CacheStatus.Hit);
            await _engine.SettleAsync();
            _engine.Time.Advance(TimeSpan.FromSeconds(secondsBetween));
        }

        Assert.Equal(asked, origin.Requests.Count);
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(1, 21)]
    public async Task WhatIsStaleAtOnce_AndValidatedAgainAndAgain_IsRefreshedOnceASecond(int secondsBetween, int asked)
    {
        var origin = new ScriptedOrigin(request => new OriginResponse(
            request.Fields.Contains("If-None-Match") ? 304 : 200,
            Some.Fields("Cache-Control: max-age=0, stale-while-revalidate=60", "ETag: \"1\""),
            new MemoryStream(request.Fields.Contains("If-None-Match") ? 0 : 10)
        ));
        var request = Some.Request(Some.Face(origin));
        await _engine.ServeAsync(request);
        for (var i = 0; i < 20; i++)
        {
            await _engine.SettleAsync();
            Assert.Equal(HitReason.StaleWhileRevalidate, (await _engine.ServeAsync(request)).Result.CacheStatus.Hit);
            await _engine.SettleAsync();
            _engine.Time.Advance(TimeSpan.FromSeconds(secondsBetween));
        }

        Assert.Equal(asked, origin.Requests.Count);
    }
}
