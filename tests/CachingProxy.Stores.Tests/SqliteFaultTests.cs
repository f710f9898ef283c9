using CachingProxy.Core.Purging;
using CachingProxy.Core.Storing;
using CachingProxy.Sqlite;
using CachingProxy.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace CachingProxy.Stores.Tests;

/// <summary>What is wrong with the file costs misses, and nothing else.</summary>
public sealed class SqliteFaultTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("garbage")]
    [InlineData("SQLite format 3\0")]
    public async Task AFileThatIsNone_IsSetAside_AndANewOneBegun(string content)
    {
        File.WriteAllText(_folder.File("cache.db"), content + new string('x', 5000));
        await using var store = Open();
        await PutAsync(store, "/a", 10);
        Assert.True(store.IsAvailable);
        Assert.Single(await store.FindAsync(Some.Key("/a")));
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(_folder.File("x"))!, "*.damaged-*"));
    }

    [Fact]
    public async Task AFileThatWasCutOff_IsSetAside()
    {
        await using (var store = Open())
        {
            for (var i = 0; i < 50; i++)
            {
                await PutAsync(store, $"/{i}", 60_000);
            }
        }

        using (var file = File.OpenWrite(_folder.File("cache.db")))
        {
            file.SetLength(file.Length / 2);
        }

        await using var after = Open();
        await PutAsync(after, "/a", 10);
        Assert.Single(await after.FindAsync(Some.Key("/a")));
    }

    [Fact]
    public async Task AFileThatAnotherProcessUses_LeavesAStoreThatKeepsNothing()
    {
        await using var first = Open();
        await using var second = Open();
        Assert.Equal((true, false), (first.IsAvailable, second.IsAvailable));
        Assert.Null(second.OpenWriter(Entry("/a"), 1));
        Assert.Empty(await second.FindAsync(Some.Key("/a")));
        await second.OpenAsync(new FailingSink());
        await Assert.ThrowsAsync<PurgeNotPropagatedException>(() => second.AppendAsync(Purge.All()).AsTask());
    }

    [Fact]
    public async Task BytesThatWereChanged_AreNeverServed()
    {
        await using (var store = Open())
        {
            await PutAsync(store, "/small", 1000);
            await PutAsync(store, "/large", 300_000);
        }

        // In the middle of each body; the pages around them are as they were.
        var bytes = File.ReadAllBytes(_folder.File("cache.db"));
        for (var at = 0; at < bytes.Length; at++)
        {
            if (bytes.AsSpan(at).StartsWith("kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"u8))
            {
                bytes[at + 20] = (byte)'z';
                at += 900;
            }
        }

        File.WriteAllBytes(_folder.File("cache.db"), bytes);
        await using var after = Open();
        Assert.Empty(await after.FindAsync(Some.Key("/small")));
        var large = Assert.Single(await after.FindAsync(Some.Key("/large")));
        await Assert.ThrowsAsync<Core.Fetching.OriginException>(() => large.Body.CopyToAsync(System.IO.Pipelines.PipeWriter.Create(Stream.Null), default).AsTask());
    }

    [Fact]
    public async Task MoreThanTheBound_MakesRoom_AmongThoseUsedLongestAgo()
    {
        await using var store = Open(maxBytes: 1 << 20);
        for (var i = 0; i < 40; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await PutAsync(store, $"/{i}", 50_000);
        }

        Assert.InRange(store.HeldBytes, 1, 1 << 20);
        Assert.Empty(await store.FindAsync(Some.Key("/0")));
        Assert.Single(await store.FindAsync(Some.Key("/39")));
    }

    [Fact]
    public async Task WhatWaitsBeyondTheBound_IsDropped_AndCounted_AndLeavesNothing()
    {
        await using var store = Open(maxQueuedBytes: 100_000);
        await PutAsync(store, "/large", 3_000_000);
        Assert.True(store.Dropped > 0);
        Assert.Empty(await store.FindAsync(Some.Key("/large")));
        await PutAsync(store, "/small", 1000);
        Assert.Single(await store.FindAsync(Some.Key("/small")));
    }

    [Fact]
    public async Task ExpiredEntries_GoInTime()
    {
        await using var store = Open();
        await PutAsync(store, "/a", 1000);
        _time.Advance(TimeSpan.FromHours(2));
        await store.SettleAsync();
        Assert.Empty(await store.FindAsync(Some.Key("/a")));
        Assert.Equal(0, store.HeldBytes);
    }

    [Fact]
    public async Task Purges_AreThereAfterARestart_WithTheirNumbers()
    {
        LogPosition last;
        await using (var store = Open())
        {
            await store.AppendAsync(Purge.Tag("", "gone"));
            await store.AppendAsync(Purge.All());
            await store.AppendAsync(Purge.Tag("", "a"));
            await store.AppendAsync(Purge.Tag("", "a"));
            last = await store.AppendAsync(Purge.Prefix("http://origin.test", "/p", isSoft: true));
        }

        var sink = new RecordingSink();
        await using var after = Open();
        await after.OpenAsync(sink);
        Assert.Equal(last, sink.State!.Position);
        Assert.Equal([Purge.All(), Purge.Tag("", "a"), Purge.Prefix("http://origin.test", "/p", isSoft: true)], sink.State.Purges.Select(purge => purge.Purge));
        Assert.True((await after.AppendAsync(Purge.All())).IsAfter(last));
    }

    private SqliteStore Open(long maxBytes = 1 << 30, long maxQueuedBytes = 64 << 20) => SqliteStore.Open(
        new SqliteStoreOptions { Path = _folder.File("cache.db"), MaxBytes = maxBytes, MaxQueuedBytes = maxQueuedBytes }, _time, NullLogger<SqliteStore>.Instance);

    private CacheEntry Entry(string target) => Some.Entry("Cache-Control: max-age=3600") with { Key = Some.Key(target), Target = target, Position = new(7, 1), ReceivedAt = _time.GetUtcNow() };

    private async Task PutAsync(SqliteStore store, string target, int length)
    {
        await using (var writer = store.OpenWriter(Entry(target), length)!)
        {
            writer.Append(System.Text.Encoding.ASCII.GetBytes(new string('k', length)));
            await writer.CompleteAsync();
        }

        await store.SettleAsync();
    }

    private sealed class RecordingSink : IPurgeSink
    {
        public JournalState? State { get; private set; }

        public void Load(JournalState state) => State = state;

        public void Apply(Purge purge, LogPosition position)
        {
        }
    }

    private sealed class FailingSink : IPurgeSink
    {
        public void Load(JournalState state) => Assert.Fail("There is nothing to load.");

        public void Apply(Purge purge, LogPosition position) => Assert.Fail("There is nothing to apply.");
    }
}
