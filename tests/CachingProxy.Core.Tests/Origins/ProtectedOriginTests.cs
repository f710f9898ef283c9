using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Limits;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Origins;
using CachingProxy.Core.Parsing;
using CachingProxy.Core.Stores;
using CachingProxy.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace CachingProxy.Core.Tests.Origins;

/// <summary>How often an origin is asked, and whether at all.</summary>
public class ProtectedOriginTests
{
    private readonly FakeTimeProvider _time = new();
    private Func<OriginRequest, Task<OriginResponse>> _answer = _ => Task.FromResult(Some.Response());

    [Fact]
    public async Task I17_MoreThanTheSlots_WaitForTheirTurn_AndGetIt()
    {
        var (origin, slots) = Protect(new OriginLimits { MaxExchanges = 2 });
        var first = await SendAsync(origin);
        await using var second = await SendAsync(origin);
        var third = SendAsync(origin);
        Assert.False(third.IsCompleted);
        await first.DisposeAsync();
        await using var served = await third;
        Assert.Equal((200, 0L), (served.Status, slots.Refused));
    }

    [Fact]
    public async Task I17_MoreThanTheQueueHolds_AreRefusedAtOnce_WithATimeToComeBack()
    {
        var (origin, slots) = Protect(new OriginLimits { MaxExchanges = 1, MaxQueued = 1 });
        await using var busy = await SendAsync(origin);
        using var gone = new CancellationTokenSource();
        var waiting = SendAsync(origin, gone.Token);
        var refused = await Assert.ThrowsAsync<OriginException>(() => SendAsync(origin));
        Assert.Equal(
            (OriginError.Overloaded, 503, TimeSpan.FromSeconds(1), 1L),
            (refused.Error, refused.Status, refused.RetryAfter, slots.Refused)
        );

        // Who gives up makes room in the queue.
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.False(SendAsync(origin).IsCompleted);
    }

    [Fact]
    public async Task WhoWaitsForTooLong_IsRefused()
    {
        var (origin, _) = Protect(new OriginLimits { MaxExchanges = 1 });
        await using var busy = await SendAsync(origin);
        var waiting = SendAsync(origin);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(OriginError.Overloaded, (await Assert.ThrowsAsync<OriginException>(() => waiting)).Error);
    }

    [Fact]
    public async Task AnEventStream_TakesNoSlot_AndAnotherOriginHasItsOwn()
    {
        var (origin, slots) = Protect(new OriginLimits { MaxExchanges = 1 });
        _answer = _ => Task.FromResult(Some.Response("", 200, "Content-Type: text/event-stream"));
        await using var events = await SendAsync(origin);
        await using var more = await SendAsync(origin);
        _answer = _ => Task.FromResult(Some.Response());
        await using var busy = await SendAsync(origin);
        await using var other = await origin.SendAsync(new OriginRequest("GET", new("http://other.test", "/"), FieldList.Empty), default);
        Assert.Equal(2, slots.BusyOrigins);
    }

    [Fact]
    public async Task WhenAllHasEnded_NoOriginIsRemembered()
    {
        var (origin, slots) = Protect(new OriginLimits { MaxExchanges = 1 });
        var response = await SendAsync(origin);
        await response.DisposeAsync();
        await response.DisposeAsync();
        _answer = _ => throw new OriginException(OriginError.InvalidResponse, "");
        await Assert.ThrowsAsync<OriginException>(() => SendAsync(origin));
        Assert.Equal(0, slots.BusyOrigins);
    }

    [Fact]
    public async Task AfterRepeatedFailures_NobodyAsks_UntilOneProbeFindsItBack()
    {
        var asked = 0;
        var (origin, _) = Protect(new OriginLimits { FailureSpan = TimeSpan.Zero });
        _answer = _ =>
        {
            asked++;
            throw new OriginException(OriginError.Unreachable, "");
        };
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(OriginError.Unreachable, (await Assert.ThrowsAsync<OriginException>(() => SendAsync(origin))).Error);
        }

        var held = await Assert.ThrowsAsync<OriginException>(() => SendAsync(origin));
        Assert.Equal((5, OriginError.HeldDown, 502, TimeSpan.FromSeconds(1)), (asked, held.Error, held.Status, held.RetryAfter));

        _time.Advance(TimeSpan.FromSeconds(1));
        var answer = new TaskCompletionSource<OriginResponse>();
        _answer = _ => answer.Task;
        var probe = SendAsync(origin);
        Assert.Equal(OriginError.HeldDown, (await Assert.ThrowsAsync<OriginException>(() => SendAsync(origin))).Error);
        answer.SetResult(Some.Response());
        Assert.Equal(200, (await probe).Status);
        Assert.Equal(200, (await SendAsync(origin)).Status);
    }

    [Fact]
    public async Task ABurstOfFailures_OfAnOriginThatAnswersOthers_HoldsNothingDown()
    {
        var (origin, _) = Protect(new OriginLimits());
        for (var i = 0; i < 20; i++)
        {
            _answer = _ => throw new OriginException(OriginError.Disconnected, "");
            Assert.Equal(OriginError.Disconnected, (await Assert.ThrowsAsync<OriginException>(() => SendAsync(origin))).Error);
        }

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(OriginError.Disconnected, (await Assert.ThrowsAsync<OriginException>(() => SendAsync(origin))).Error);
        Assert.Equal(OriginError.HeldDown, (await Assert.ThrowsAsync<OriginException>(() => SendAsync(origin))).Error);
    }

    [Fact]
    public async Task EachProbeThatFails_DoublesTheTime_UpToItsLimit()
    {
        var (origin, _) = Protect(new OriginLimits { MaxFailures = 1 });
        _answer = _ => throw new OriginException(OriginError.Timeout, "");
        var holds = new List<double>();
        for (var i = 0; i < 7; i++)
        {
            Assert.Equal(OriginError.Timeout, (await Assert.ThrowsAsync<OriginException>(() => SendAsync(origin))).Error);
            var held = await Assert.ThrowsAsync<OriginException>(() => SendAsync(origin));
            holds.Add(held.RetryAfter!.Value.TotalSeconds);
            _time.Advance(held.RetryAfter.Value);
        }

        Assert.Equal([1, 2, 4, 8, 16, 30, 30], holds);
    }

    [Fact]
    public async Task AProbeWhoseClientGoesAway_LeavesTheNextOneItsTurn()
    {
        var (origin, _) = Protect(new OriginLimits { MaxFailures = 1 });
        _answer = _ => throw new OriginException(OriginError.Disconnected, "");
        await Assert.ThrowsAsync<OriginException>(() => SendAsync(origin));
        _time.Advance(TimeSpan.FromSeconds(1));
        using var gone = new CancellationTokenSource();
        _answer = _ => new TaskCompletionSource<OriginResponse>().Task;
        var probe = SendAsync(origin, gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => probe);
        _answer = _ => Task.FromResult(Some.Response());
        Assert.Equal(200, (await SendAsync(origin)).Status);
    }

    [Fact]
    public async Task ErrorsThatTheOriginAnswersWith_AreAnswers()
    {
        var (origin, _) = Protect(new OriginLimits { MaxFailures = 1 });
        _answer = _ => Task.FromResult(Some.Response("", 503));
        Assert.Equal(503, (await SendAsync(origin)).Status);
        _answer = _ => throw new OriginException(OriginError.InvalidResponse, "");
        await Assert.ThrowsAsync<OriginException>(() => SendAsync(origin));
        Assert.Equal(OriginError.InvalidResponse, (await Assert.ThrowsAsync<OriginException>(() => SendAsync(origin))).Error);
    }

    [Fact]
    public async Task WhileTheOriginIsHeldDown_StaleStandsIn_WherePermitted()
    {
        var engine = new TestEngine();
        var limits = new OriginLimits { MaxFailures = 1 };
        var face = Some.Face(Protect(limits, engine.Time).Origin);
        _answer = _ => Task.FromResult(Some.Response("good", 200, "Cache-Control: max-age=10, stale-if-error=600"));
        await engine.ServeAsync(Some.Request(face));
        await engine.SettleAsync();
        engine.Time.Advance(TimeSpan.FromSeconds(20));
        var asked = 0;
        _answer = _ =>
        {
            asked++;
            throw new OriginException(OriginError.Unreachable, "");
        };
        for (var i = 0; i < 3; i++)
        {
            var (result, body) = await engine.ServeAsync(Some.Request(face));
            Assert.Equal(("good", true), (body, result.CacheStatus.IsInPlaceOfError));
            await engine.SettleAsync();
        }

        Assert.Equal(OriginError.HeldDown, (await engine.ServeAsync(Some.Request(face, "/other"))).Result.Failure!.Error);
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task WhatBreaksOffDuringAnUpload_SaysNothingOfTheOrigin_AndAnUploadIsNoProbe()
    {
        var (origin, _) = Protect(new OriginLimits { MaxFailures = 1 });
        var upload = new OriginRequest("POST", Some.Key(), FieldList.Empty) { Content = new System.IO.Pipelines.Pipe().Reader.AsStream() };
        _answer = _ => throw new OriginException(OriginError.Disconnected, "");
        await Assert.ThrowsAsync<OriginException>(() => origin.SendAsync(upload, default).AsTask());
        Assert.Equal(OriginError.Disconnected, (await Assert.ThrowsAsync<OriginException>(() => SendAsync(origin))).Error);

        // Held down now. When the time is over, an upload that never ends keeps nobody from asking.
        _time.Advance(TimeSpan.FromSeconds(1));
        _answer = request => request.Content is null ? Task.FromResult(Some.Response()) : new TaskCompletionSource<OriginResponse>().Task;
        _ = origin.SendAsync(upload, default).AsTask();
        Assert.Equal(200, (await SendAsync(origin)).Status);
    }

    [Fact]
    public async Task AProbeThatTakesLongerThanTheHold_IsJoinedByAnother()
    {
        var (origin, _) = Protect(new OriginLimits { MaxFailures = 1 });
        _answer = _ => throw new OriginException(OriginError.Unreachable, "");
        await Assert.ThrowsAsync<OriginException>(() => SendAsync(origin));
        _time.Advance(TimeSpan.FromSeconds(1));
        var slow = new TaskCompletionSource<OriginResponse>();
        _answer = _ => slow.Task;
        var probe = SendAsync(origin);
        _time.Advance(TimeSpan.FromSeconds(1));
        _answer = _ => Task.FromResult(Some.Response());
        Assert.Equal(200, (await SendAsync(origin)).Status);

        // The origin is back; what the slow one has to tell is one failure.
        _answer = _ => Task.FromResult(Some.Response());
        slow.SetException(new OriginException(OriginError.InvalidResponse, ""));
        await Assert.ThrowsAsync<OriginException>(() => probe);
        Assert.Equal(200, (await SendAsync(origin)).Status);
    }

    [Fact]
    public async Task WhenOurOwnCodeFails_TheSlotIsGivenBack()
    {
        var (origin, slots) = Protect(new OriginLimits());
        var engine = new CacheEngine(
            new FailingStore(),
            new CacheEngineOptions { Pseudonym = "under-test" },
            _time,
            NullLogger<CacheEngine>.Instance
        );
        _answer = _ => Task.FromResult(Some.Response("x", 200, "Cache-Control: max-age=60"));
        var result = await engine.ServeAsync(Some.Request(Some.Face(origin)), default);
        Assert.Equal((OriginError.InvalidResponse, 0), (result.Failure!.Error, slots.BusyOrigins));
    }

    private (ProtectedOrigin Origin, OriginSlots Slots) Protect(OriginLimits limits, FakeTimeProvider? time = null)
    {
        var slots = new OriginSlots(limits, time ?? _time);
        return (
            new ProtectedOrigin(
                new ScriptedOrigin(request => _answer(request)),
                slots,
                new OriginAvailability(limits, time ?? _time, NullLogger<OriginAvailability>.Instance),
                new OriginQuota([], new RateCounter(time ?? _time), TimeSpan.FromSeconds(10), time ?? _time),
                time ?? _time
            ),
            slots
        );
    }

    private static Task<OriginResponse> SendAsync(ProtectedOrigin origin, CancellationToken cancellation = default) =>
        origin.SendAsync(new OriginRequest("GET", Some.Key(), FieldList.Empty), cancellation).AsTask();

    private sealed class FailingStore : ICacheStore
    {
        public ValueTask<IReadOnlyList<CacheEntry>> FindAsync(CacheKey key) => new([]);

        public EntryWriter? OpenWriter(CacheEntry entry, long? contentLength) => throw new InvalidOperationException("It fails.");

        public ValueTask<bool> UpdateAsync(CacheEntry entry, CacheEntry freshened) => new(false);

        public ValueTask RemoveAsync(CacheEntry entry) => default;

        public ValueTask RemoveAllAsync(CacheKey key) => default;

        public ValueTask ClearAsync() => default;
    }
}
