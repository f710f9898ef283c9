using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using CachingProxy.Core.Stores;
using CachingProxy.TestKit;

namespace CachingProxy.Core.Tests.Purging;

/// <summary>What a purge does to requests, before, during and after it.</summary>
public class PurgingTests
{
    private readonly TestEngine _engine = new();
    private string[] _fields = ["Cache-Control: max-age=60", "Cache-Tag: a, b"];
    private int _asked;

    [Theory]
    [InlineData("Cache-Tag: a, b", "b", true)]
    [InlineData("Cache-Tag: a b", "a b", true)]
    [InlineData("Surrogate-Key: a b", "b", true)]
    [InlineData("xkey: a b", "b", true)]
    [InlineData("Cache-Groups: \"a\", \"b\"", "b", true)]
    [InlineData("Cache-Groups: a, b", "b", false)]
    [InlineData("Cache-Tag: ,", "", false)]
    [InlineData("Cache-Tag: ab", "b", false)]
    public async Task ATag_IsWhatTheOriginNamed(string field, string tag, bool isPurged)
    {
        _fields = ["Cache-Control: max-age=60", field];
        await ServeAsync();
        await _engine.Engine.PurgeAsync(Purge.Tag("", tag));
        Assert.Equal(isPurged ? ForwardReason.Purged : null, (await ServeAsync()).CacheStatus.Forwarded);
    }

    [Fact]
    public async Task ASoftPurge_LeavesItStale_ToBeServedWhileItIsRefreshed()
    {
        _fields = ["Cache-Control: max-age=60, stale-while-revalidate=10", "Cache-Tag: a"];
        await ServeAsync();
        await _engine.Engine.PurgeAsync(Purge.Tag("", "a", isSoft: true));
        _engine.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(HitReason.StaleWhileRevalidate, (await ServeAsync()).CacheStatus.Hit);
        Assert.Equal((HitReason.Fresh, 2), ((await ServeAsync()).CacheStatus.Hit, _asked));
    }

    [Fact]
    public async Task ASoftPurge_CountsItsStalenessFromItsMoment()
    {
        _fields = ["Cache-Control: max-age=60, stale-while-revalidate=10"];
        await ServeAsync();
        await _engine.Engine.PurgeAsync(Purge.All(isSoft: true));
        _engine.Time.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(ForwardReason.Stale, (await ServeAsync()).CacheStatus.Forwarded);
    }

    [Fact]
    public async Task ASoftlyPurgedEntry_IsConfirmedByA304_AndFreshAgain()
    {
        _fields = ["Cache-Control: max-age=60", "ETag: \"1\""];
        await ServeAsync();
        await _engine.Engine.PurgeAsync(Purge.Url(Some.Key(), isSoft: true));
        Assert.Equal(304, (await ServeAsync()).CacheStatus.OriginStatus);
        Assert.True((await ServeAsync()).CacheStatus.IsHit);
    }

    [Fact]
    public async Task PurgingATagOfManyEntries_SendsTheNextRequestForEachToTheOrigin()
    {
        const int Entries = 2000;
        for (var number = 0; number < Entries; number++)
        {
            await ServeAsync($"/{number}");
        }

        await _engine.Engine.PurgeAsync(Purge.Tag("", "a"));
        for (var number = 0; number < Entries; number++)
        {
            Assert.Equal(ForwardReason.Purged, (await ServeAsync($"/{number}")).CacheStatus.Forwarded);
        }
    }

    [Fact]
    public async Task APurgeOfATag_WinsOverTheFetchUnderWay_AndThoseWhoWaitedGoOnTogether()
    {
        var head = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var origin = new ScriptedOrigin(async _ =>
        {
            var number = Interlocked.Increment(ref _asked);
            await (number == 1 ? head.Task : Task.CompletedTask);
            return Some.Response($"{number}", 200, "Cache-Control: max-age=60", "Cache-Tag: a");
        });
        var face = Some.Face(origin);
        var first = _engine.ServeAsync(Some.Request(face));
        while (Volatile.Read(ref _asked) == 0)
        {
            await Task.Yield();
        }

        var waiting = Enumerable.Range(0, 20).Select(_ => _engine.ServeAsync(Some.Request(face))).ToList();
        await _engine.Engine.PurgeAsync(Purge.Tag("", "a"));
        head.SetResult();
        Assert.Equal("1", (await first).Body);
        Assert.All(await Task.WhenAll(waiting), answer => Assert.Equal("2", answer.Body));
        await _engine.SettleAsync();
        Assert.Equal(("2", 2), ((await _engine.ServeAsync(Some.Request(face))).Body, _asked));
    }

    [Fact]
    public async Task AnUnsafeRequest_PurgesTheGroupsThatItsResponseNames_OfItsOwnOriginAlone()
    {
        _fields = ["Cache-Control: max-age=60", "Cache-Groups: \"g\""];
        await ServeAsync("/a");
        _fields = ["Cache-Group-Invalidation: \"g\""];
        await ServeAsync("/other", "POST");
        Assert.Equal(ForwardReason.Purged, (await ServeAsync("/a")).CacheStatus.Forwarded);
    }

    [Fact]
    public async Task ASafeRequest_PurgesNoGroups()
    {
        _fields = ["Cache-Control: max-age=60", "Cache-Groups: \"g\"", "Cache-Group-Invalidation: \"g\""];
        await ServeAsync("/a");
        await ServeAsync("/b");
        Assert.True((await ServeAsync("/a")).CacheStatus.IsHit);
    }

    [Fact]
    public async Task AResponseWithMoreTagsThanCanBeKept_IsNotStored()
    {
        _fields = ["Cache-Control: max-age=60", $"Cache-Tag: {string.Join(',', Enumerable.Range(0, ResponseTags.MaxTags + 1))}"];
        Assert.Equal(NotStoredReason.TooManyTags, (await ServeAsync()).CacheStatus.NotStored);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task FieldsThatNameTags_StayBetweenOriginAndCache_UnlessAskedFor(bool sendTags)
    {
        _fields = ["Cache-Control: max-age=60", "Cache-Tag: a", "Surrogate-Key: b", "xkey: c", "Cache-Groups: \"d\""];
        for (var i = 0; i < 2; i++)
        {
            var fields = (await ServeAsync(policy: new CachePolicy { SendTags = sendTags })).Fields;
            Assert.Equal(
                [sendTags, sendTags, sendTags, true],
                new[] { "Cache-Tag", "Surrogate-Key", "xkey", "Cache-Groups" }.Select(fields.Contains)
            );
        }
    }

    private async Task<CacheResult> ServeAsync(string target = "/x", string method = "GET", CachePolicy? policy = null)
    {
        var origin = new ScriptedOrigin(request =>
        {
            _asked++;
            return new OriginResponse(request.Fields.Contains("If-None-Match") ? 304 : 200, Some.Fields(_fields), new MemoryStream());
        });
        var (result, _) = await _engine.ServeAsync(Some.Request(Some.Face(origin, policy), target, method));
        await _engine.SettleAsync();
        return result;
    }
}
