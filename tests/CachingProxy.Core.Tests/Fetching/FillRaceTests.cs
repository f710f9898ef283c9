using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using CachingProxy.Core.Stores;
using CachingProxy.Core.Stores.Memory;
using CachingProxy.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace CachingProxy.Core.Tests.Fetching;

/// <summary>What happens between a fetch, a purge, a refresh and those who wait, in the order that does harm.</summary>
public class FillRaceTests
{
    private readonly TestEngine _engine = new();
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _asked;

    [Fact]
    public async Task ARefreshThatFindsAnothersFetchUnderWay_LeavesItAlone()
    {
        var face = Face(
            held: 2,
            number =>
                number == 1
                    ? Some.Response("old", 200, "Cache-Control: max-age=10, stale-while-revalidate=100")
                    : Some.Response("secret", 200, "Cache-Control: private")
        );
        await PrimeAsync(face);
        _engine.Time.Advance(TimeSpan.FromSeconds(11));
        Task<string>? reload = null;

        // Between the refresh's look at what is under way and its own beginning.
        var stale = new InterruptedRequest(face, () => reload ??= GetAsync(face, "Cache-Control: no-cache"));
        Assert.Equal("old", (await _engine.ServeAsync(stale)).Body);
        _gate.SetResult();
        Assert.Equal("secret", await reload!);
    }

    [Fact]
    public async Task TheSame_ForABodyThatOutgrowsTheLimit_HangsNobody()
    {
        var face = Face(
            held: 2,
            number =>
                number == 1
                    ? Some.Response("old", 200, "Cache-Control: max-age=10, stale-while-revalidate=100")
                    : new OriginResponse(200, Some.Fields("Cache-Control: max-age=10"), new MemoryStream(new byte[5_000_000])),
            new CachePolicy { MaxObjectBytes = 1_000_000 }
        );
        await PrimeAsync(face);
        _engine.Time.Advance(TimeSpan.FromSeconds(11));
        Task<string>? reload = null;
        await _engine.ServeAsync(new InterruptedRequest(face, () => reload ??= GetAsync(face, "Cache-Control: no-cache")));
        _gate.SetResult();
        Assert.Equal(5_000_000, (await reload!).Length);
    }

    [Fact]
    public async Task ARangeThatWaitsForAValidation_GetsItsPartOfTheWholeThatCameInstead()
    {
        var face = Face(
            held: 2,
            number =>
                number == 1
                    ? Some.Response("0123456789", 200, "Cache-Control: max-age=10", "ETag: \"1\"")
                    : Some.Response("ABCDEFGHIJ", 200, "Cache-Control: max-age=100", "ETag: \"2\"")
        );
        await PrimeAsync(face);
        _engine.Time.Advance(TimeSpan.FromSeconds(11));
        var first = _engine.ServeAsync(Some.Request(face));
        var range = _engine.ServeAsync(Some.Request(face, fields: "Range: bytes=0-3"));
        _gate.SetResult();
        Assert.Equal("ABCDEFGHIJ", (await first).Body);
        Assert.Equal((206, "ABCD"), ((await range).Result.Status, (await range).Body));
        Assert.Equal(2, _asked);
    }

    [Fact]
    public async Task APurgeWhilePartsArePutTogether_WinsOverWhatIsMadeOfThem()
    {
        var store = new InterruptedStore(new MemoryStore(new MemoryStoreOptions()));
        var engine = new CacheEngine(
            store,
            new CacheEngineOptions { Pseudonym = "under-test" },
            _engine.Time,
            NullLogger<CacheEngine>.Instance
        );
        var face = Some.Face(
            new ScriptedOrigin(request =>
                request.Fields["Range"].ToString() switch
                {
                    "bytes=0-4" => Part("01234", 0),
                    "bytes=5-9" => Part("56789", 5),
                    _ => Some.Response("new", 200, "Cache-Control: max-age=60"),
                }
            )
        );
        await ReadAsync("Range: bytes=0-4");
        store.OnRemove = () => engine.PurgeAsync(Purge.Url(Some.Key()));
        await ReadAsync("Range: bytes=5-9");
        await engine.SettleAsync();

        Assert.Equal("new", await ReadAsync());

        async Task<string> ReadAsync(params string[] fields)
        {
            await using var result = await engine.ServeAsync(Some.Request(face, fields: fields), default);
            return await TestEngine.ReadAsync(result);
        }
    }

    [Fact]
    public async Task WhatAPostLeaves_IsNotStored_IfTheTargetWasChangedWhileItWasUnderWay()
    {
        var face = Some.Face(
            new ScriptedOrigin(async request =>
            {
                await (request.Method == "POST" ? _gate.Task : Task.CompletedTask);
                return request.Method switch
                {
                    "POST" => Some.Response("first state", 200, "Cache-Control: max-age=60", "Content-Location: /x"),
                    "PUT" => Some.Response("", 204),
                    _ => Some.Response("second state", 200, "Cache-Control: max-age=60"),
                };
            })
        );
        var post = _engine.ServeAsync(Some.Request(face, method: "POST"));
        await _engine.ServeAsync(Some.Request(face, method: "PUT"));
        _gate.SetResult();
        Assert.Equal("first state", (await post).Body);
        await _engine.SettleAsync();
        Assert.Equal("second state", await GetAsync(face));
    }

    [Fact]
    public async Task APurgeOfAnEquivalentUri_WinsOverAFetchUnderWay_EvenBeforeItIsKnownToBeOne()
    {
        var face = Face(
            held: 1,
            number => Some.Response($"version {number}", 200, "Cache-Control: max-age=60", "No-Vary-Search: params=(\"utm\")")
        );
        var first = _engine.ServeAsync(Some.Request(face, "/x?utm=1"));
        await _engine.Engine.PurgeAsync(Purge.Url(Some.Key("/x?utm=2")));
        _gate.SetResult();
        Assert.Equal("version 1", (await first).Body);
        await _engine.SettleAsync();
        Assert.Equal("version 2", (await _engine.ServeAsync(Some.Request(face, "/x?utm=2"))).Body);
    }

    [Fact]
    public async Task WhatWasPurgedMeanwhile_StandsInForNoError()
    {
        var face = Face(
            held: 2,
            number =>
                number == 1 ? Some.Response("withdrawn", 200, "Cache-Control: max-age=10, stale-if-error=1000") : Some.Response("", 503)
        );
        await PrimeAsync(face);
        _engine.Time.Advance(TimeSpan.FromSeconds(11));
        var waiting = _engine.ServeAsync(Some.Request(face));
        await _engine.Engine.PurgeAsync(Purge.All());
        _gate.SetResult();
        Assert.Equal(503, (await waiting).Result.Status);
    }

    [Fact]
    public async Task EqualRanges_AreOneRequestToTheOrigin()
    {
        var face = Face(held: 1, _ => Part("01234", 0));
        var clients = Enumerable.Range(0, 20).Select(_ => _engine.ServeAsync(Some.Request(face, fields: "Range: bytes=0-4"))).ToList();
        _gate.SetResult();
        Assert.All(
            await Task.WhenAll(clients),
            answer =>
                Assert.Equal(
                    (206, "01234", "bytes 0-4/10"),
                    (answer.Result.Status, answer.Body, answer.Result.Fields["Content-Range"].ToString())
                )
        );
        Assert.Equal(1, _asked);
    }

    [Fact]
    public async Task EqualCompletions_AreOneRequestToTheOrigin()
    {
        var face = Face(held: 2, number => number == 1 ? Part("01234", 0) : Part("56789", 5));
        await PrimeAsync(face, "Range: bytes=0-4");
        var clients = Enumerable.Range(0, 20).Select(_ => _engine.ServeAsync(Some.Request(face))).ToList();
        _gate.SetResult();
        Assert.All(await Task.WhenAll(clients), answer => Assert.Equal((200, "0123456789"), (answer.Result.Status, answer.Body)));
        Assert.Equal(2, _asked);
    }

    [Fact]
    public async Task HitsOnAStalePart_AreRefreshedOnce()
    {
        var face = Face(
            held: 2,
            _ =>
                Some.Response(
                    "01234",
                    206,
                    "Cache-Control: max-age=10, stale-while-revalidate=100",
                    "ETag: \"1\"",
                    "Content-Range: bytes 0-4/10"
                )
        );
        await PrimeAsync(face, "Range: bytes=0-4");
        _engine.Time.Advance(TimeSpan.FromSeconds(11));
        for (var number = 0; number < 20; number++)
        {
            Assert.Equal("01234", await GetAsync(face, "Range: bytes=0-4"));
        }

        _gate.SetResult();
        await _engine.SettleAsync();
        Assert.Equal(2, _asked);
    }

    [Fact]
    public async Task AnUnsafeRequestWhoseClientLeaves_InvalidatesItsTarget()
    {
        using var leaving = new CancellationTokenSource();
        var face = Some.Face(
            new ScriptedOrigin(async request =>
            {
                _asked++;
                await (request.Method == "PUT" ? _gate.Task : Task.CompletedTask);
                return Some.Response($"version {_asked}", 200, "Cache-Control: max-age=60");
            })
        );
        await PrimeAsync(face);
        var put = _engine.ServeAsync(Some.Request(face, method: "PUT"), leaving.Token);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => put);
        Assert.Equal("version 3", await GetAsync(face));
    }

    [Fact]
    public async Task AHeadFromBefore_SaysNothingOfWhatArrivedAfterIt()
    {
        var face = Some.Face(
            new ScriptedOrigin(async request =>
            {
                await (request.Method == "HEAD" ? _gate.Task : Task.CompletedTask);
                return request.Method == "HEAD"
                    ? new OriginResponse(200, Some.Fields("ETag: \"1\"", "Cache-Control: max-age=6000"), Stream.Null)
                    : Some.Response("page", 200, "Cache-Control: max-age=60", "ETag: \"2\"");
            })
        );
        var head = _engine.ServeAsync(Some.Request(face, method: "HEAD"));
        await GetAsync(face);
        _gate.SetResult();
        await head;
        Assert.True((await _engine.ServeAsync(Some.Request(face))).Result.CacheStatus.IsHit);
    }

    [Fact]
    public async Task ManyPartsOfOneVariant_DoNotPushAnotherOut()
    {
        var face = Some.Face(
            new ScriptedOrigin(request =>
                request.Fields["Range"] is { Count: > 0 } range
                    ? Some.Response(
                        "0",
                        206,
                        "Cache-Control: max-age=600",
                        "Vary: X-A",
                        "ETag: \"1\"",
                        $"Content-Range: {range.ToString().Replace('=', ' ')}/1000"
                    )
                    : Some.Response("whole", 200, "Cache-Control: max-age=600", "Vary: X-A")
            )
        );
        await GetAsync(face, "X-A: 1");
        for (var number = 0; number < 40; number++)
        {
            await GetAsync(face, "X-A: 2", $"Range: bytes={number * 2}-{number * 2}");
        }

        Assert.True((await _engine.ServeAsync(Some.Request(face, fields: "X-A: 1"))).Result.CacheStatus.IsHit);
    }

    [Fact]
    public async Task WhatOneQuerySaysOfItsPath_HidesNoOtherFreshResponse()
    {
        var face = Some.Face(
            new ScriptedOrigin(request =>
                request.Key.Target == "/s?q=typo"
                    ? Some.Response("none", 200, "Cache-Control: max-age=1", "No-Vary-Search: params")
                    : Some.Response(request.Key.Target, 200, "Cache-Control: max-age=600")
            )
        );
        await _engine.ServeAsync(Some.Request(face, "/s?q=typo"));
        _engine.Time.Advance(TimeSpan.FromSeconds(5));
        for (var number = 0; number < 40; number++)
        {
            await _engine.ServeAsync(Some.Request(face, $"/s?q={number}"));
        }

        for (var number = 0; number < 40; number++)
        {
            Assert.True((await _engine.ServeAsync(Some.Request(face, $"/s?q={number}"))).Result.CacheStatus.IsHit);
        }
    }

    [Theory]
    [InlineData("http://origin.test/x#part")]
    [InlineData("//origin.test/x")]
    [InlineData("HTTP://Origin.Test:80/x")]
    [InlineData("/y/../x")]
    [InlineData("../x")]
    [InlineData("x")]
    public async Task EverySpellingOfALocation_Invalidates(string location)
    {
        var face = Some.Face(
            new ScriptedOrigin(request =>
                request.Method == "GET"
                    ? Some.Response(fields: "Cache-Control: max-age=60")
                    : Some.Response("", 201, $"Location: {location}")
            )
        );
        await GetAsync(face);
        await _engine.ServeAsync(Some.Request(face, "/collection", "POST"));
        Assert.False((await _engine.ServeAsync(Some.Request(face))).Result.CacheStatus.IsHit);
    }

    private static OriginResponse Part(string content, int first) =>
        Some.Response(
            content,
            206,
            "Cache-Control: max-age=60",
            "ETag: \"1\"",
            $"Content-Range: bytes {first}-{first + content.Length - 1}/10"
        );

    // The request of this number, and those after it, wait for the gate.
    private CacheFace Face(int held, Func<int, OriginResponse> answer, CachePolicy? policy = null) =>
        Some.Face(
            new ScriptedOrigin(async _ =>
            {
                var number = Interlocked.Increment(ref _asked);
                await (number >= held ? _gate.Task : Task.CompletedTask);
                return answer(number);
            }),
            policy
        );

    // Whoever has the whole response finds it stored, but its fetch may still be listed as one to join.
    private async Task PrimeAsync(CacheFace face, params string[] fields)
    {
        await GetAsync(face, fields);
        await _engine.SettleAsync();
    }

    private async Task<string> GetAsync(CacheFace face, params string[] fields) =>
        (await _engine.ServeAsync(Some.Request(face, fields: fields))).Body;

    private sealed class InterruptedRequest(CacheFace face, Action onCreate)
        : CacheRequest(face, "GET", Some.Key(), new CachePartition(face.PartitionName, "http", "proxy.test"))
    {
        public override IFields Fields => FieldList.Empty;

        public override bool HasContent => false;

        public override OriginRequest CreateOriginRequest()
        {
            onCreate();
            return new OriginRequest(Method, Key, FieldList.Empty);
        }
    }

    private sealed class InterruptedStore(MemoryStore inner) : ICacheStore
    {
        public Func<ValueTask>? OnRemove { get; set; }

        public ValueTask<IReadOnlyList<CacheEntry>> FindAsync(CacheKey key) => inner.FindAsync(key);

        public EntryWriter? OpenWriter(CacheEntry entry, long? contentLength) => inner.OpenWriter(entry, contentLength);

        public ValueTask<bool> UpdateAsync(CacheEntry entry, CacheEntry freshened) => inner.UpdateAsync(entry, freshened);

        public async ValueTask RemoveAsync(CacheEntry entry)
        {
            if (OnRemove is { } interrupt)
            {
                OnRemove = null;
                await interrupt();
            }

            await inner.RemoveAsync(entry);
        }

        public ValueTask RemoveAllAsync(CacheKey key) => inner.RemoveAllAsync(key);

        public ValueTask ClearAsync() => inner.ClearAsync();
    }
}
