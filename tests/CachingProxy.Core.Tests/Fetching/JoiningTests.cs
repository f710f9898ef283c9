using CachingProxy.Core.Messages;
using CachingProxy.TestKit;

namespace CachingProxy.Core.Tests.Fetching;

/// <summary>Who waits for whose fetch, who does not, and for how long.</summary>
public class JoiningTests
{
    private readonly TestEngine _engine = new();
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _second = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task TenVariantsOfOneUrl_AreTenRequestsToTheOrigin_HoweverManyWait()
    {
        var asked = 0;
        var origin = new ScriptedOrigin(async request =>
        {
            await (Interlocked.Increment(ref asked) == 1 ? _gate.Task : _second.Task);
            return Some.Response($"for {request.Fields["X-A"]}", 200, "Cache-Control: max-age=60", "Vary: X-A");
        });
        var face = Some.Face(origin);
        var clients = Enumerable
            .Range(0, 200)
            .Select(number => _engine.ServeAsync(Some.Request(face, fields: $"X-A: {number % 10}")))
            .ToList();
        _gate.SetResult();

        // The nine that were let go are under way together, and not one after the other.
        while (Volatile.Read(ref asked) < 10)
        {
            await Task.Yield();
        }

        _second.SetResult();
        var answers = await Task.WhenAll(clients);
        Assert.Equal(Enumerable.Range(0, 200).Select(number => $"for {number % 10}"), answers.Select(answer => answer.Body));
        Assert.Equal(10, origin.Requests.Count);
    }

    [Theory]
    [InlineData("Cache-Control: no-store")]
    [InlineData("Cache-Control: private")]
    [InlineData("Cache-Control: no-cache", "ETag: \"1\"")]
    [InlineData("Cache-Control: max-age=0", "ETag: \"1\"")]
    [InlineData("Set-Cookie: a=b")]
    public async Task I13_AfterAResponseThatNobodyElseCouldUse_NobodyWaits(params string[] fields)
    {
        var first = true;
        var underWay = 0;
        var origin = new ScriptedOrigin(async _ =>
        {
            Interlocked.Increment(ref underWay);
            await (first ? Task.CompletedTask : _gate.Task);
            return Some.Response("body", 200, fields);
        });
        var face = Some.Face(origin, new CachePolicy { TimeToLive = TimeSpan.Zero });
        await _engine.ServeAsync(Some.Request(face));
        await _engine.SettleAsync();
        first = false;
        var clients = Enumerable.Range(0, 50).Select(_ => _engine.ServeAsync(Some.Request(face))).ToList();
        while (Volatile.Read(ref underWay) < 51)
        {
            await Task.Yield();
        }

        _gate.SetResult();
        await Task.WhenAll(clients);
        Assert.Equal(50, _engine.Engine.HitsForMiss);
    }

    [Fact]
    public async Task TheFirstResponseThatCanBeShared_MakesOthersWaitAgain()
    {
        var answers = new Queue<string>(["no-store", "max-age=10", "max-age=10"]);
        var face = Some.Face(
            new ScriptedOrigin(async _ =>
            {
                var control = answers.Dequeue();
                await (answers.Count == 0 ? _gate.Task : Task.CompletedTask);
                return Some.Response("body", 200, $"Cache-Control: {control}", $"Date: {_engine.Time.GetUtcNow():R}");
            })
        );
        await ServeAndSettleAsync(face);
        await ServeAndSettleAsync(face);
        _engine.Time.Advance(TimeSpan.FromSeconds(11));
        var clients = Enumerable.Range(0, 20).Select(_ => _engine.ServeAsync(Some.Request(face))).ToList();
        _gate.SetResult();
        Assert.Equal(19, (await Task.WhenAll(clients)).Count(answer => answer.Result.CacheStatus.IsCollapsed));
        Assert.Equal(1, _engine.Engine.HitsForMiss);
    }

    [Fact]
    public async Task WhatCouldNotBeShared_IsForgottenAfterAWhile()
    {
        var origin = new ScriptedOrigin(_ => Some.Response("body", 200, "Cache-Control: no-store"));
        var face = Some.Face(origin);
        await ServeAndSettleAsync(face);
        _engine.Time.Advance(TimeSpan.FromSeconds(119));
        await ServeAndSettleAsync(face);
        Assert.Equal(1, _engine.Engine.HitsForMiss);
        _engine.Time.Advance(TimeSpan.FromSeconds(120));
        await ServeAndSettleAsync(face);
        Assert.Equal(1, _engine.Engine.HitsForMiss);
    }

    [Theory]
    [InlineData("Cache-Control: no-store")]
    [InlineData("Authorization: Basic x")]
    public async Task WhatOneRequestForbids_KeepsNobodyFromWaiting(string field)
    {
        var face = Some.Face(new ScriptedOrigin(_ => Some.Response("body", 200, "Cache-Control: max-age=60")));
        await _engine.ServeAsync(Some.Request(face, fields: field));
        await _engine.SettleAsync();
        await ServeAndSettleAsync(face);
        Assert.Equal(0, _engine.Engine.HitsForMiss);
    }

    [Fact]
    public async Task AWaiterWhoseTimeIsOver_FetchesForItself()
    {
        var asked = 0;
        var face = Some.Face(
            new ScriptedOrigin(async _ =>
            {
                var number = Interlocked.Increment(ref asked);
                await (number == 1 ? _gate.Task : Task.CompletedTask);
                return Some.Response($"answer {number}", 200, "Cache-Control: max-age=60");
            })
        );
        var first = _engine.ServeAsync(Some.Request(face));
        while (Volatile.Read(ref asked) < 1)
        {
            await Task.Yield();
        }

        var waiting = _engine.ServeAsync(Some.Request(face));
        _engine.Time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(waiting.IsCompleted);
        _engine.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("answer 2", (await waiting).Body);
        _gate.SetResult();
        Assert.Equal("answer 1", (await first).Body);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task I15_HoweverLongManyWait_OneFurtherFetchIsUnderWay_AndAllTakeTheHeadThatComesFirst(int answering)
    {
        var (asked, gates) = (0, new[] { _gate, _second });
        var face = Some.Face(
            new ScriptedOrigin(async _ =>
            {
                var number = Interlocked.Increment(ref asked);
                await gates[number - 1].Task;
                return Some.Response($"answer {number}", 200, "Cache-Control: max-age=600");
            })
        );
        var clients = await WaitInVainAsync(face, () => Volatile.Read(ref asked));

        gates[answering - 1].SetResult();
        var answers = await Task.WhenAll(clients.Skip(1));
        Assert.All(answers, answer => Assert.Equal($"answer {answering}", answer.Body));
        gates[2 - answering].SetResult();
        await clients[0];
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task WhereTheOriginDoesNotAnswerInItsTime_AllWhoWaitGetA504()
    {
        var asked = 0;
        var face = Some.Face(
            new ScriptedOrigin(async _ =>
            {
                await (Interlocked.Increment(ref asked) == 1 ? _gate.Task : _second.Task);
                throw new OriginException(OriginError.Timeout, "too slow");
            })
        );
        var clients = await WaitInVainAsync(face, () => Volatile.Read(ref asked));

        _gate.SetResult();
        Assert.All(await Task.WhenAll(clients), answer => Assert.Equal(504, answer.Result.Failure?.Status));
        _second.SetResult();
        Assert.Equal(2, asked);
    }

    // The first, and fifty who wait for it: each more than four times as long as one waits.
    private async Task<List<Task<(CacheResult Result, string Body)>>> WaitInVainAsync(CacheFace face, Func<int> asked)
    {
        var clients = new List<Task<(CacheResult Result, string Body)>> { _engine.ServeAsync(Some.Request(face)) };
        await Eventually.IsAsync(() => asked() == 1);
        clients.AddRange(Enumerable.Range(0, 50).Select(_ => _engine.ServeAsync(Some.Request(face))));
        for (var i = 0; i < 6; i++)
        {
            _engine.Time.Advance(TimeSpan.FromSeconds(10));
            await Eventually.IsAsync(() => asked() == 2);
            // Whoever would ask once more has had the time to.
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        Assert.Equal(2, asked());
        return clients;
    }

    [Fact]
    public async Task AHead_JoinsTheFetchOfTheWhole()
    {
        var origin = Held("Cache-Control: max-age=60", "X-A: 1");
        var face = Some.Face(origin);
        var get = _engine.ServeAsync(Some.Request(face));
        await using var head = await HeadAsync();
        Assert.Equal(("1", true), (head.Fields["X-A"].ToString(), head.CacheStatus.IsCollapsed));
        Assert.Equal("0123456789", (await get).Body);
        Assert.Single(origin.Requests);

        async Task<CacheResult> HeadAsync()
        {
            var waiting = _engine.Engine.ServeAsync(Some.Request(face, method: "HEAD"), default);
            _gate.SetResult();
            return await waiting;
        }
    }

    [Theory]
    [InlineData("bytes=2-4", "234", "bytes 2-4/10")]
    [InlineData("bytes=-3", "789", "bytes 7-9/10")]
    [InlineData("bytes=7-", "789", "bytes 7-9/10")]
    public async Task ARange_JoinsTheFetchOfTheWhole_ThatItCanBeTakenFrom(string range, string content, string contentRange)
    {
        var origin = Held("Cache-Control: max-age=60");
        var face = Some.Face(origin);
        var get = _engine.ServeAsync(Some.Request(face));
        var part = _engine.ServeAsync(Some.Request(face, fields: $"Range: {range}"));
        _gate.SetResult();
        Assert.Equal(
            (206, content, contentRange),
            ((await part).Result.Status, (await part).Body, (await part).Result.Fields["Content-Range"].ToString())
        );
        Assert.Equal("0123456789", (await get).Body);
        Assert.Single(origin.Requests);
    }

    [Theory]
    [InlineData("bytes=0-1,8-9")]
    [InlineData("bytes=20-")]
    public async Task ARangeThatCannotBeTakenFromIt_IsFetchedByItself(string range)
    {
        var origin = Held("Cache-Control: max-age=60");
        var face = Some.Face(origin);
        var get = _engine.ServeAsync(Some.Request(face));
        var part = _engine.ServeAsync(Some.Request(face, fields: $"Range: {range}"));
        _gate.SetResult();
        await Task.WhenAll(get, part);
        Assert.Equal(2, origin.Requests.Count);
    }

    private ScriptedOrigin Held(params string[] fields) =>
        new(async _ =>
        {
            await _gate.Task;
            return Some.Response("0123456789", 200, fields);
        });

    private async Task ServeAndSettleAsync(CacheFace face)
    {
        await _engine.ServeAsync(Some.Request(face));
        await _engine.SettleAsync();
    }

    [Fact]
    public async Task MoreThanMayWaitForOneFetch_AreRefusedAtOnce_AndTheOthersServed()
    {
        var engine = new TestEngine(maxWaitersPerFill: 3);
        var origin = new ScriptedOrigin(async _ =>
        {
            await _gate.Task;
            return Some.Response("body", 200, "Cache-Control: max-age=60");
        });
        var face = Some.Face(origin);
        var clients = Enumerable.Range(0, 10).Select(_ => engine.ServeAsync(Some.Request(face))).ToList();
        var refused = clients.Where(client => client.IsCompleted).Select(client => client.Result.Result.Failure).ToList();
        _gate.SetResult();
        var answers = await Task.WhenAll(clients);
        Assert.Equal([OriginError.Overloaded], refused.Select(failure => failure!.Error).Distinct());
        Assert.Equal((6, 4, 1), (refused.Count, answers.Count(answer => answer.Body == "body"), origin.Requests.Count));
    }
}
