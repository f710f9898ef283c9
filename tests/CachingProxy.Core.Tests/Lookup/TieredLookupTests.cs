using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Limits;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Stores;
using CachingProxy.Core.Stores.Memory;
using CachingProxy.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace CachingProxy.Core.Tests.Lookup;

/// <summary>How often the tier behind the memory is asked.</summary>
public class TieredLookupTests : IAsyncLifetime
{
    private readonly CountingTier _tier = new();
    private readonly FakeTimeProvider _time = new();
    private readonly CacheEngine _engine;
    private string[] _fields = ["Cache-Control: max-age=60"];
    private int _asked;

    public TieredLookupTests() =>
        _engine = new CacheEngine(
            new MemoryStore(new MemoryStoreOptions()),
            new CacheEngineOptions { Pseudonym = "under-test" },
            _time,
            NullLogger<CacheEngine>.Instance,
            _tier
        );

    public ValueTask InitializeAsync() => _engine.OpenAsync();

    public ValueTask DisposeAsync() => _tier.DisposeAsync();

    [Fact]
    public async Task AThousandColdRequestsForOneUrl_LookBehindTheMemoryTogether()
    {
        _tier.Close();
        var requests = Enumerable.Range(0, 1000).Select(_ => ServeAsync()).ToList();
        _tier.Open();
        Assert.All(await Task.WhenAll(requests), result => Assert.Equal(200, result.Status));
        Assert.Equal(1, _asked);
        // One look for all, and the look of the one fetch at what others have stored meanwhile.
        Assert.InRange(_tier.Looks, 1, 3);
    }

    [Fact]
    public async Task WhoComesAfterAPurge_DoesNotShareALookThatBeganBeforeIt()
    {
        _tier.Close();
        var before = ServeAsync();
        await _engine.PurgeAsync(Purge.Tag("", "any"));
        var after = ServeAsync();
        Assert.Equal(2, _tier.Looks);
        _tier.Open();
        await Task.WhenAll(before, after);
    }

    [Fact]
    public async Task WhatMayBeServedStale_NeedsNoLookBehindTheMemory_ButThatOfItsRefresh()
    {
        _fields = ["Cache-Control: max-age=60, stale-while-revalidate=60"];
        await ServeAsync();
        await _engine.SettleAsync();

        _time.Advance(TimeSpan.FromSeconds(61));
        var looks = _tier.Looks;
        _tier.Close();
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(HitReason.StaleWhileRevalidate, (await ServeAsync()).CacheStatus.Hit);
        }

        Assert.InRange(_tier.Looks - looks, 0, 1);
        _tier.Open();
    }

    private async Task<CacheResult> ServeAsync()
    {
        var face = Some.Face(
            new ScriptedOrigin(_ =>
            {
                Interlocked.Increment(ref _asked);
                return Some.Response("body", 200, _fields);
            })
        );
        await using var result = await _engine.ServeAsync(Some.Request(face), CancellationToken.None);
        await TestEngine.ReadAsync(result);
        return result;
    }

    /// <summary>A tier that finds nothing, and takes as long for it as a test wants.</summary>
    private sealed class CountingTier : ISecondTier
    {
        private TaskCompletionSource _open = Opened();
        private long _position;
        private int _looks;

        public int Looks => Volatile.Read(ref _looks);

        public bool IsAvailable => true;

        public IFetchLeases? Leases => null;

        public IRateCounter? Rates => null;

        public byte[]? SharedSecret { get; } = new byte[32];

        public void Close() => _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Open() => _open.TrySetResult();

        public async ValueTask<IReadOnlyList<CacheEntry>> FindAsync(CacheKey key)
        {
            Interlocked.Increment(ref _looks);
            await _open.Task;
            return [];
        }

        public EntryWriter? OpenWriter(CacheEntry entry, long? contentLength) => null;

        public ValueTask<bool> UpdateAsync(CacheEntry entry, CacheEntry freshened) => new(false);

        public ValueTask RemoveAsync(CacheEntry entry) => ValueTask.CompletedTask;

        public ValueTask RemoveAllAsync(CacheKey key) => ValueTask.CompletedTask;

        public ValueTask ClearAsync() => ValueTask.CompletedTask;

        public ValueTask OpenAsync(IPurgeSink sink)
        {
            sink.Load(new JournalState(new LogPosition(7, 0), 0, []));
            return ValueTask.CompletedTask;
        }

        public ValueTask<LogPosition> AppendAsync(Purge purge) => new(new LogPosition(7, Interlocked.Increment(ref _position)));

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private static TaskCompletionSource Opened()
        {
            var source = new TaskCompletionSource();
            source.SetResult();
            return source;
        }
    }
}
