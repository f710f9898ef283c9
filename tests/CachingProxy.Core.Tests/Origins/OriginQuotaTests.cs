using CachingProxy.Core.Limits;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Origins;
using CachingProxy.Core.Parsing;
using CachingProxy.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace CachingProxy.Core.Tests.Origins;

/// <summary>An origin is asked no more often than it may be.</summary>
public class OriginQuotaTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task BeyondTheLimit_ARequestWaitsForItsTurn()
    {
        var origin = Protect([new(1, TimeSpan.FromSeconds(5))], _ => Some.Response());
        await SendAsync(origin);
        var second = SendAsync(origin);
        await Eventually.IsAsync(() => _time.RunningTimers >= 2);
        Assert.False(second.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(200, (await second).Status);
    }

    [Fact]
    public async Task ARequestWhoseTurnDoesNotComeInTime_IsA503_AtOnceWhereItIsKnown()
    {
        var origin = Protect([new(1, TimeSpan.FromSeconds(60))], _ => Some.Response());
        await SendAsync(origin);
        var failure = await Assert.ThrowsAsync<OriginException>(() => SendAsync(origin));
        Assert.Equal((OriginError.Limited, 503, TimeSpan.FromSeconds(60)), (failure.Error, failure.Status, failure.RetryAfter));
        Assert.False(failure.MayHaveBeenSent);
        Assert.True(failure.IsOfOrigin);
    }

    [Fact]
    public async Task Turns_GoToWaitedRequestsFirst_ThenToRevalidations_ThenToRefreshes()
    {
        var order = new List<FetchPriority>();
        var origin = Protect(
            [new(1, TimeSpan.FromSeconds(1))],
            request =>
            {
                lock (order)
                {
                    order.Add(request.Priority);
                }

                return Some.Response();
            }
        );
        await SendAsync(origin);
        var waiting = new List<Task>();
        foreach (var priority in (FetchPriority[])[FetchPriority.Refresh, FetchPriority.Revalidation, FetchPriority.Waited])
        {
            waiting.Add(SendAsync(origin, priority));
            await Eventually.IsAsync(() => _quota!.Waiting == waiting.Count);
        }

        for (var turn = 1; turn <= waiting.Count; turn++)
        {
            await Eventually.IsAsync(() => _time.RunningTimers > _quota!.Waiting);
            _time.Advance(TimeSpan.FromSeconds(1));
            await Eventually.IsAsync(() => waiting.Count(task => task.IsCompleted) == turn);
        }

        Assert.Equal([FetchPriority.Waited, FetchPriority.Waited, FetchPriority.Revalidation, FetchPriority.Refresh], order);
    }

    [Theory]
    [InlineData(429, "Retry-After: 30", 30)]
    [InlineData(503, "Retry-After: Fri, 02 Jan 2026 03:04:35 GMT", 30)]
    [InlineData(429, "X-RateLimit-Remaining: 0|X-RateLimit-Reset: 30", 30)]
    [InlineData(200, "X-RateLimit-Remaining: 0|X-RateLimit-Reset: 1767323075", 30)]
    [InlineData(200, "RateLimit: \"default\";r=0;t=30", 30)]
    [InlineData(200, "RateLimit: \"burst\";r=100;t=1, \"daily\";r=0;t=30", 30)]
    [InlineData(200, "RateLimit-Remaining: 0|RateLimit-Reset: 30", 30)]
    [InlineData(429, "Retry-After: 99999999", 3600)]
    [InlineData(500, "Retry-After: 30", 0)]
    [InlineData(200, "RateLimit: broken;;", 0)]
    [InlineData(200, "X-RateLimit-Remaining: many|X-RateLimit-Reset: 30", 0)]
    [InlineData(429, "Retry-After: -5", 0)]
    [InlineData(429, "", 0)]
    public async Task AnOriginThatSaysWhenToComeAgain_IsNotAskedBefore(int status, string fields, int seconds)
    {
        var origin = Protect([], _ => Some.Response("x", status, fields.Split('|', StringSplitOptions.RemoveEmptyEntries)));
        await SendAsync(origin);
        if (seconds == 0)
        {
            Assert.Equal(status, (await SendAsync(origin)).Status);
            return;
        }

        var failure = await Assert.ThrowsAsync<OriginException>(() => SendAsync(origin));
        Assert.Equal(TimeSpan.FromSeconds(seconds), failure.RetryAfter);
        _time.Advance(TimeSpan.FromSeconds(seconds));
        Assert.Equal(status, (await SendAsync(origin)).Status);
    }

    [Fact]
    public async Task WhereLittleIsLeftOfTheOriginsWindow_RefreshesGiveWay_AndOthersDoNot()
    {
        var origin = Protect(
            [],
            _ => Some.Response("x", 200, "X-RateLimit-Limit: 60", "X-RateLimit-Remaining: 5", "X-RateLimit-Reset: 40")
        );
        await SendAsync(origin);
        await Assert.ThrowsAsync<OriginException>(() => SendAsync(origin, FetchPriority.Refresh));
        await SendAsync(origin, FetchPriority.Revalidation);
        _time.Advance(TimeSpan.FromSeconds(40));
        await SendAsync(origin, FetchPriority.Refresh);
    }

    [Fact]
    public async Task AnOriginThatAnswers429BeyondSixtyAMinute_NeverHasTo_AndNobodyWaitsLongerThanTheBound()
    {
        var sent = new Queue<long>();
        var refusals = 0;
        var window = TimeSpan.FromMinutes(1).Ticks;
        var origin = Protect(
            [new(60, TimeSpan.FromMinutes(1))],
            _ =>
            {
                lock (sent)
                {
                    var now = _time.GetTimestamp();
                    while (sent.TryPeek(out var oldest) && now - oldest >= window)
                    {
                        sent.Dequeue();
                    }

                    refusals += sent.Count >= 60 ? 1 : 0;
                    sent.Enqueue(now);
                    return Some.Response("x", sent.Count > 60 ? 429 : 200);
                }
            }
        );
        var outcomes = new Dictionary<string, int>();
        var running = new List<(Task Task, long Since)>();
        // 300 different URLs a minute, by 20 clients: one of each every four seconds, for five minutes.
        for (var second = 0; second < 300; second++)
        {
            for (var client = 0; client < 5; client++)
            {
                running.Add((OutcomeAsync($"/{second}/{client}"), _time.GetTimestamp()));
            }

            // Whoever had a turn has used it before the clock goes on.
            await Eventually.IsAsync(() =>
                running.Count(one => !one.Task.IsCompleted) == _quota!.Waiting
                && (_quota.Waiting == 0 || _time.RunningTimers > _quota.Waiting)
            );
            Assert.All(running.Where(one => !one.Task.IsCompleted), one => Assert.True(_time.GetTimestamp() - one.Since <= Timeout.Ticks));
            _time.Advance(TimeSpan.FromSeconds(1));
            running.RemoveAll(one => one.Task.IsCompleted);
        }

        _time.Advance(Timeout);
        await Task.WhenAll(running.Select(one => one.Task));
        Assert.Equal(0, refusals);
        Assert.Equal(["200", "Limited"], outcomes.Keys.Order());
        Assert.InRange(outcomes["200"], 250, 360);

        async Task OutcomeAsync(string target)
        {
            string outcome;
            try
            {
                outcome = $"{(await SendAsync(origin, target: target)).Status}";
            }
            catch (OriginException failure)
            {
                outcome = $"{failure.Error}";
            }

            lock (outcomes)
            {
                outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
            }
        }
    }

    [Fact]
    public async Task AClientThatLeaves_TakesNoTurn()
    {
        var origin = Protect([new(1, TimeSpan.FromSeconds(5))], _ => Some.Response());
        await SendAsync(origin);
        using var leaving = new CancellationTokenSource();
        var left = origin.SendAsync(new OriginRequest("GET", Some.Key(), FieldList.Empty), leaving.Token).AsTask();
        await Eventually.IsAsync(() => _quota!.Waiting == 1);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        Assert.Equal(0, _quota!.Waiting);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(200, (await SendAsync(origin)).Status);
    }

    [Fact]
    public async Task WhatTheOriginSaysOfOneUsersLimit_HoldsNobodyElse()
    {
        var origin = Protect([], _ => Some.Response("x", 429, "Retry-After: 30"));
        var ofOneUser = new OriginRequest("GET", Some.Key(), FieldList.Empty) { IsOfOneUser = true };
        await using (await origin.SendAsync(ofOneUser, CancellationToken.None)) { }

        Assert.Equal(429, (await SendAsync(origin)).Status);
        await Assert.ThrowsAsync<OriginException>(() => SendAsync(origin));
    }

    [Fact]
    public async Task AHoldThatIsLongerThanAnybodyWaits_IsToldToThoseWhoWaitAlready()
    {
        var counter = new RateCounter(_time);
        _quota = new OriginQuota([new(1, TimeSpan.FromSeconds(5))], counter, Timeout, _time);
        var request = new OriginRequest("GET", Some.Key(), FieldList.Empty);
        await _quota.WaitAsync(request, CancellationToken.None);
        var waiting = _quota.WaitAsync(request, CancellationToken.None).AsTask();
        await Eventually.IsAsync(() => _quota.Waiting == 1 && _time.RunningTimers >= 2);
        await counter.HoldAsync("origin http://origin.test", TimeSpan.FromMinutes(10));
        _time.Advance(TimeSpan.FromSeconds(5));
        var failure = await Assert.ThrowsAsync<OriginException>(() => waiting);
        Assert.InRange(failure.RetryAfter!.Value, TimeSpan.FromMinutes(9), TimeSpan.FromMinutes(10));
        Assert.Equal(0, _quota.Waiting);
    }

    private OriginQuota? _quota;

    private ProtectedOrigin Protect(IReadOnlyList<RateLimit> limits, Func<OriginRequest, OriginResponse> answer)
    {
        var options = new OriginLimits();
        _quota = new OriginQuota(limits, new RateCounter(_time), Timeout, _time);
        return new ProtectedOrigin(
            new ScriptedOrigin(answer),
            new OriginSlots(options, _time),
            new OriginAvailability(options, _time, NullLogger<OriginAvailability>.Instance),
            _quota,
            _time
        );
    }

    private static async Task<OriginResponse> SendAsync(
        ProtectedOrigin origin,
        FetchPriority priority = FetchPriority.Waited,
        string target = "/x"
    )
    {
        var response = await origin.SendAsync(
            new OriginRequest("GET", Some.Key(target), FieldList.Empty) { Priority = priority },
            CancellationToken.None
        );
        await response.DisposeAsync();
        return response;
    }
}
