using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using CachingProxy.Core.Stores;
using CachingProxy.TestKit;

namespace CachingProxy.Core.Tests;

public class CacheEngineTests
{
    private readonly TestEngine _engine = new();

    [Fact]
    public async Task AFreshResponse_IsAHitUntilItsLifetimeEnds()
    {
        var face = Some.Face(new ScriptedOrigin(_ => Some.Response(fields: "Cache-Control: max-age=10")));
        Assert.Equal(ForwardReason.UriMiss, (await GetAsync(face)).CacheStatus.Forwarded);
        _engine.Time.Advance(TimeSpan.FromSeconds(9));
        var hit = await GetAsync(face);
        Assert.True(hit.CacheStatus.IsHit);
        Assert.Equal(TimeSpan.FromSeconds(9), hit.Age);
        _engine.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(ForwardReason.Stale, (await GetAsync(face)).CacheStatus.Forwarded);
    }

    [Fact]
    public async Task TheDelayOfTheResponse_IsAddedToItsAge()
    {
        var face = Some.Face(
            new ScriptedOrigin(_ =>
            {
                _engine.Time.Advance(TimeSpan.FromSeconds(3));
                return Some.Response(fields: ["Cache-Control: max-age=10", "Age: 4"]);
            })
        );
        await GetAsync(face);
        _engine.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(TimeSpan.FromSeconds(9), (await GetAsync(face)).Age);
        _engine.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(ForwardReason.Stale, (await GetAsync(face)).CacheStatus.Forwarded);
    }

    [Fact]
    public async Task M22_AJumpOfTheWallClock_NeitherAgesNorPreservesAnEntry()
    {
        var face = Some.Face(new ScriptedOrigin(_ => Some.Response(fields: "Cache-Control: max-age=10")));
        await GetAsync(face);
        _engine.Time.JumpWallClock(TimeSpan.FromDays(2));
        Assert.True((await GetAsync(face)).CacheStatus.IsHit);
        _engine.Time.JumpWallClock(TimeSpan.FromDays(-32));
        _engine.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.False((await GetAsync(face)).CacheStatus.IsHit);
    }

    [Fact]
    public async Task AStaleResponseWithValidator_IsConfirmedByThe304_AndFreshAgain()
    {
        var origin = new ScriptedOrigin(request =>
            request.Fields["If-None-Match"] == "\"v1\""
                ? new OriginResponse(
                    304,
                    Some.Fields("ETag: \"v1\"", "X-New: 1", "Content-Length: 99", "Content-Encoding: br"),
                    Stream.Null
                )
                : Some.Response("body", 200, "Cache-Control: max-age=10", "ETag: \"v1\"")
        );
        var face = Some.Face(origin);
        await GetAsync(face);
        _engine.Time.Advance(TimeSpan.FromSeconds(11));
        var (validated, body) = await _engine.ServeAsync(Some.Request(face));
        Assert.Equal("body", body);
        Assert.Equal((200, 304), (validated.Status, validated.CacheStatus.OriginStatus));
        Assert.Equal("1", validated.Fields["X-New"]);
        Assert.False(validated.Fields.Contains("Content-Encoding"), "F18: what describes the content is not updated");
        Assert.True((await GetAsync(face)).CacheStatus.IsHit);
        Assert.Equal(2, origin.Requests.Count);
    }

    [Fact]
    public async Task NoCache_IsValidatedEachTime()
    {
        var origin = new ScriptedOrigin(request =>
            request.Fields.Contains("If-None-Match")
                ? new OriginResponse(304, FieldList.Empty, Stream.Null)
                : Some.Response("body", 200, "Cache-Control: no-cache, max-age=60", "ETag: \"v1\"")
        );
        var face = Some.Face(origin);
        await GetAsync(face);
        Assert.Equal(ForwardReason.MustValidate, (await GetAsync(face)).CacheStatus.Forwarded);
        Assert.Equal(ForwardReason.MustValidate, (await GetAsync(face)).CacheStatus.Forwarded);
    }

    [Theory]
    [InlineData("no-cache")]
    [InlineData("max-age=0")]
    [InlineData("min-fresh=120")]
    public async Task AClientThatWantsSomethingFresher_GoesToTheOrigin(string control)
    {
        var face = Some.Face(new ScriptedOrigin(_ => Some.Response(fields: "Cache-Control: max-age=60")));
        await GetAsync(face);
        _engine.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(ForwardReason.ClientDirective, (await GetAsync(face, $"Cache-Control: {control}")).CacheStatus.Forwarded);
    }

    [Fact]
    public async Task Pragma_CountsWhereCacheControlIsAbsent()
    {
        var face = Some.Face(new ScriptedOrigin(_ => Some.Response(fields: "Cache-Control: max-age=60")));
        await GetAsync(face);
        Assert.Equal(ForwardReason.ClientDirective, (await GetAsync(face, "Pragma: no-cache")).CacheStatus.Forwarded);
        Assert.True((await GetAsync(face, "Pragma: no-cache", "Cache-Control: max-age=30")).CacheStatus.IsHit);
    }

    [Theory]
    [InlineData("max-stale", true)]
    [InlineData("max-stale=5", true)]
    [InlineData("max-stale=1", false)]
    public async Task AClientThatTakesStale_GetsIt(string control, bool hit)
    {
        var face = Some.Face(new ScriptedOrigin(_ => Some.Response(fields: "Cache-Control: max-age=10")));
        await GetAsync(face);
        _engine.Time.Advance(TimeSpan.FromSeconds(13));
        Assert.Equal(hit, (await GetAsync(face, $"Cache-Control: {control}")).CacheStatus.IsHit);
    }

    [Fact]
    public async Task MustRevalidate_ForbidsStale()
    {
        var face = Some.Face(new ScriptedOrigin(_ => Some.Response(fields: "Cache-Control: max-age=10, must-revalidate")));
        await GetAsync(face);
        _engine.Time.Advance(TimeSpan.FromSeconds(13));
        Assert.False((await GetAsync(face, "Cache-Control: max-stale")).CacheStatus.IsHit);
    }

    [Fact]
    public async Task F15_OnlyIfCachedWithoutAStoredResponse_IsA504_AndTheOriginIsNotAsked()
    {
        var origin = new ScriptedOrigin(_ => Some.Response());
        var result = await GetAsync(Some.Face(origin), "Cache-Control: only-if-cached");
        Assert.Equal((504, OriginError.OnlyIfCached), (result.Status, result.Failure!.Error));
        Assert.Empty(origin.Requests);
    }

    [Fact]
    public async Task VariantsOfOneUrl_LiveSideBySide()
    {
        var face = Some.Face(
            new ScriptedOrigin(request => Some.Response($"in {request.Fields["Accept-Language"]}", 200, "Vary: Accept-Language"))
        );
        await GetAsync(face, "Accept-Language: en");
        Assert.Equal(ForwardReason.VaryMiss, (await GetAsync(face, "Accept-Language: de")).CacheStatus.Forwarded);
        var (english, body) = await _engine.ServeAsync(Some.Request(face, fields: "Accept-Language: en"));
        Assert.True(english.CacheStatus.IsHit);
        Assert.Equal("in en", body);
    }

    [Fact]
    public async Task F25_TheMostRecentOfTheResponsesThatMatch_IsServed()
    {
        var vary = true;
        var face = Some.Face(new ScriptedOrigin(_ => vary ? Some.Response("old", 200, "Vary: X-A") : Some.Response("new")));
        await GetAsync(face, "X-A: 1");
        vary = false;
        await GetAsync(face, "X-A: 2");
        Assert.Equal("new", (await _engine.ServeAsync(Some.Request(face, fields: "X-A: 1"))).Body);
    }

    [Fact]
    public async Task F04_HeadIsAnsweredByAStoredGet_ButNeverStoredItself()
    {
        var origin = new ScriptedOrigin(request => Some.Response(request.Method == "HEAD" ? "" : "body"));
        var face = Some.Face(origin);
        await _engine.ServeAsync(Some.Request(face, method: "HEAD"));
        Assert.Equal("body", (await _engine.ServeAsync(Some.Request(face))).Body);
        Assert.True((await _engine.ServeAsync(Some.Request(face, method: "HEAD"))).Result.CacheStatus.IsHit);
        Assert.Equal(2, origin.Requests.Count);
    }

    [Theory]
    [InlineData("POST", 200, true)]
    [InlineData("DELETE", 303, true)]
    [InlineData("FROBNICATE", 204, true)]
    [InlineData("POST", 404, false)]
    [InlineData("POST", 500, false)]
    [InlineData("OPTIONS", 200, false)]
    [InlineData("PROPFIND", 200, false)]
    public async Task F19_AnUnsafeMethodThatSucceeds_InvalidatesItsTarget(string method, int status, bool invalidates)
    {
        var face = Some.Face(new ScriptedOrigin(request => Some.Response(status: request.Method == "GET" ? 200 : status)));
        await GetAsync(face);
        await _engine.ServeAsync(Some.Request(face, method: method));
        Assert.Equal(!invalidates, (await GetAsync(face)).CacheStatus.IsHit);
    }

    [Theory]
    [InlineData("/x", true)]
    [InlineData("http://origin.test/x", true)]
    [InlineData("http://other.test/x", false)]
    [InlineData("//other.test/x", false)]
    [InlineData("/x#part", true)]
    public async Task F19_LocationInvalidates_OnlyOnTheSameOrigin(string location, bool invalidates)
    {
        var face = Some.Face(
            new ScriptedOrigin(request => request.Method == "GET" ? Some.Response() : Some.Response("", 201, $"Location: {location}"))
        );
        await GetAsync(face);
        await _engine.ServeAsync(Some.Request(face, "/collection", "POST"));
        Assert.Equal(!invalidates, (await GetAsync(face)).CacheStatus.IsHit);
    }

    [Fact]
    public async Task APurge_IsAMissAfterwards()
    {
        var face = Some.Face(new ScriptedOrigin(_ => Some.Response()));
        await GetAsync(face);
        await _engine.Engine.PurgeAsync(Purge.Url(Some.Key()));
        Assert.False((await GetAsync(face)).CacheStatus.IsHit);
        await _engine.Engine.PurgeAsync(Purge.All());
        Assert.False((await GetAsync(face)).CacheStatus.IsHit);
    }

    [Fact]
    public async Task TheClientsOwnCondition_IsDecidedOnTheStoredResponse()
    {
        var origin = new ScriptedOrigin(_ => Some.Response("body", 200, "ETag: \"v1\"", "Cache-Control: max-age=60"));
        var face = Some.Face(origin);
        await GetAsync(face, "If-None-Match: \"v1\"");
        Assert.False(origin.Requests.Single().Fields.Contains("If-None-Match"));
        var (result, body) = await _engine.ServeAsync(Some.Request(face, fields: "If-None-Match: \"v0\", W/\"v1\""));
        Assert.Equal((304, true, ""), (result.Status, result.CacheStatus.IsHit, body));
        Assert.Equal(200, (await GetAsync(face, "If-None-Match: \"v2\"")).Status);
    }

    [Fact]
    public async Task InOverrideMode_AnEntryLivesExactlyTheTtl_AndThenIsFetchedWhole()
    {
        var origin = new ScriptedOrigin(_ => Some.Response("body", 200, "Cache-Control: no-store", "ETag: \"v1\"", "Age: 1000"));
        var face = Some.Face(origin, new CachePolicy { TtlMode = TtlMode.Override, TimeToLive = TimeSpan.FromSeconds(15) });
        await GetAsync(face);
        _engine.Time.Advance(TimeSpan.FromMilliseconds(14_999));
        Assert.True((await GetAsync(face, "Cache-Control: no-cache")).CacheStatus.IsHit);
        _engine.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False((await GetAsync(face)).CacheStatus.IsHit);
        Assert.False(origin.Requests.Last().Fields.Contains("If-None-Match"));
    }

    [Theory]
    [InlineData("Set-Cookie: sid=alice", true)]
    [InlineData("Cache-Control: no-store", false)]
    [InlineData("Cache-Control: private", false)]
    public async Task F18_WhatA304Forbids_IsNotStored_AndItsCookieIsNobodyElses(string field, bool staysStored)
    {
        var face = Some.Face(
            new ScriptedOrigin(request =>
                request.Fields.Contains("If-None-Match")
                    ? new OriginResponse(304, Some.Fields(field), Stream.Null)
                    : Some.Response("body", 200, "Cache-Control: max-age=1", "ETag: \"v1\"")
            )
        );
        await GetAsync(face);
        _engine.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(200, (await GetAsync(face)).Status);
        var stored = await _engine.Store.FindAsync(Some.Key());
        Assert.Equal(staysStored ? 1 : 0, stored.Count);
        Assert.All(stored, entry => Assert.False(entry.Fields.Contains("Set-Cookie")));
    }

    [Fact]
    public async Task A304AboutAnotherRepresentation_IsNotBelieved()
    {
        var face = Some.Face(
            new ScriptedOrigin(request =>
                request.Fields.Contains("If-None-Match")
                    ? new OriginResponse(304, Some.Fields("ETag: \"v2\""), Stream.Null)
                    : Some.Response("whole", 200, "Cache-Control: max-age=1", "ETag: \"v1\"")
            )
        );
        await GetAsync(face);
        _engine.Time.Advance(TimeSpan.FromSeconds(2));
        var (result, body) = await _engine.ServeAsync(Some.Request(face));
        Assert.Equal((200, "whole"), (result.CacheStatus.OriginStatus, body));
    }

    [Fact]
    public async Task TheTtl_CountsFromTheArrival_WhateverAgeOrDateSay()
    {
        var face = Some.Face(
            new ScriptedOrigin(_ => Some.Response("body", 200, "Age: 500")),
            new CachePolicy { TimeToLive = TimeSpan.FromSeconds(15) }
        );
        await GetAsync(face);
        _engine.Time.Advance(TimeSpan.FromSeconds(14));
        var hit = await GetAsync(face);
        Assert.Equal((true, TimeSpan.FromSeconds(514)), (hit.CacheStatus.IsHit, hit.Age));
        _engine.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.False((await GetAsync(face)).CacheStatus.IsHit);
    }

    [Fact]
    public async Task B30_DirectivesThatConnectionNames_AreObeyedAllTheSame()
    {
        var face = Some.Face(
            new ScriptedOrigin(_ =>
                Some.Response("body", 200, "Connection: Cache-Control", "Cache-Control: no-cache, max-age=60", "ETag: \"v\"")
            )
        );
        await GetAsync(face);
        Assert.Equal(ForwardReason.MustValidate, (await GetAsync(face)).CacheStatus.Forwarded);
    }

    [Fact]
    public async Task AnUnsafeRequestWhoseAnswerIsLost_InvalidatesItsTarget()
    {
        var face = Some.Face(
            new ScriptedOrigin(request =>
                request.Method == "GET" ? Some.Response() : throw new OriginException(OriginError.Timeout, "late")
            )
        );
        await GetAsync(face);
        await _engine.ServeAsync(Some.Request(face, method: "POST"));
        Assert.False((await GetAsync(face)).CacheStatus.IsHit);
    }

    private async Task<CacheResult> GetAsync(CacheFace face, params string[] fields) =>
        (await _engine.ServeAsync(Some.Request(face, fields: fields))).Result;
}
