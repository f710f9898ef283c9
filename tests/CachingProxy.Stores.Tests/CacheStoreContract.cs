using System.Text;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using CachingProxy.Core.Stores;
using CachingProxy.TestKit;

namespace CachingProxy.Stores.Tests;

/// <summary>What every store does, whatever it is made of.</summary>
public abstract class CacheStoreContract : IAsyncLifetime
{
    private int _made;

    /// <summary>The store under test.</summary>
    protected ICacheStore Store { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Store = await OpenAsync();

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task AnEntry_IsFoundAsItWasStored_OnceItsWriterHasCompletedIt()
    {
        var entry = Entry(
            "/a",
            "Content-Type: text/plain",
            "ETag: \"1\"",
            "X-Odd: \u00e4\u00ff",
            "Cache-Control: max-age=60, stale-while-revalidate=5",
            "X-Many: 1",
            "X-Many: 2"
        ) with
        {
            Tags = ["a", "b"],
            Variant = VariantKey.Of(Some.Fields("Vary: X-Kind, X-None", "Content-Language: de"), Some.Fields("X-Kind: k")),
            Part = new StoredPart(new ContentRange(2, 5, 10), 4, "bytes=2-5"),
            InitialAge = TimeSpan.FromSeconds(3),
        };
        await PutAsync(entry, "body");
        var found = Assert.Single(await FindAsync("/a"));
        Assert.Equal("body", await ReadAsync(found));
        Assert.Equal(
            (
                entry.Key,
                entry.Target,
                entry.Partition,
                entry.Status,
                entry.Position,
                entry.Serial,
                entry.Date,
                entry.ReceivedAt,
                entry.InitialAge,
                entry.Freshness,
                entry.EntityTag,
                entry.Part
            ),
            (
                found.Key,
                found.Target,
                found.Partition,
                found.Status,
                found.Position,
                found.Serial,
                found.Date,
                found.ReceivedAt,
                found.InitialAge,
                found.Freshness,
                found.EntityTag,
                found.Part
            )
        );
        Assert.Equal(
            entry.Fields.Select(field => $"{field.Key}: {field.Value}"),
            found.Fields.Select(field => $"{field.Key}: {field.Value}")
        );
        Assert.Equal(entry.Tags, found.Tags);
        Assert.True(found.Variant.IsSameAs(entry.Variant));
        Assert.Equivalent(entry.Control, found.Control, strict: true);
    }

    [Fact]
    public async Task AWriterThatIsNotCompleted_LeavesNothingBehind()
    {
        await using (var writer = Store.OpenWriter(Entry("/a"), null)!)
        {
            writer.Append(new byte[1_000_000]);
        }

        Assert.Empty(await FindAsync("/a"));
    }

    [Fact]
    public async Task ANewEntry_TakesThePlaceOfTheOneForTheSameRequests_AndOfNoOther()
    {
        await PutAsync(Entry("/a"), "old");
        await PutAsync(Entry("/a") with { Variant = VariantKey.Of(Some.Fields("Vary: X-Kind"), Some.Fields("X-Kind: k")) }, "variant");
        await PutAsync(Entry("/a") with { Partition = new CachePartition("other", "http", "proxy.test") }, "partition");
        await PutAsync(Entry("/b"), "url");
        await PutAsync(Entry("/a"), "new");
        var found = await FindAsync("/a");
        var bodies = await Task.WhenAll(found.Select(ReadAsync));
        Assert.Equal(["variant", "partition", "new"], bodies);
        Assert.Equal("url", await ReadAsync(Assert.Single(await FindAsync("/b"))));
    }

    [Fact]
    public async Task WhatWasFetchedBeforeAPurge_NeverTakesThePlaceOfWhatWasFetchedAfterIt()
    {
        await PutAsync(Entry("/a") with { Position = After(1) }, "after");
        await PutAsync(Entry("/a") with { Position = Position }, "before");
        Assert.Equal("after", await ReadAsync(Assert.Single(await FindAsync("/a"))));
    }

    [Fact]
    public async Task AnUpdate_ChangesTheHead_AndLeavesTheContent()
    {
        await PutAsync(Entry("/a", "X-Old: 1"), "body");
        var stored = Assert.Single(await FindAsync("/a"));
        Assert.True(await Store.UpdateAsync(stored, stored with { Fields = Some.Fields("X-New: 1"), Position = After(8) }));
        await SettleAsync();
        var found = Assert.Single(await FindAsync("/a"));
        Assert.Equal(
            (true, false, After(8), "body"),
            (found.Fields.Contains("X-New"), found.Fields.Contains("X-Old"), found.Position, await ReadAsync(found))
        );
    }

    [Fact]
    public async Task AnUpdateOfWhatIsNotThereAnyMore_DoesNothing()
    {
        await PutAsync(Entry("/a"), "body");
        var stored = Assert.Single(await FindAsync("/a"));
        await Store.RemoveAsync(stored);
        await SettleAsync();
        Assert.False(await Store.UpdateAsync(stored, stored with { Status = 203 }));
        Assert.Empty(await FindAsync("/a"));
    }

    [Fact]
    public async Task Removing_TakesOneEntry_OrAllOfAUrl_OrEverything()
    {
        await PutAsync(Entry("/a"), "1");
        await PutAsync(Entry("/a") with { Partition = new CachePartition("other", "http", "proxy.test") }, "2");
        await PutAsync(Entry("/b"), "3");
        await PutAsync(Entry("/c"), "4");
        await Store.RemoveAsync((await FindAsync("/a"))[0]);
        await SettleAsync();
        Assert.Equal("2", await ReadAsync(Assert.Single(await FindAsync("/a"))));
        await Store.RemoveAllAsync(Some.Key("/a"));
        Assert.Empty(await FindAsync("/a"));
        Assert.Single(await FindAsync("/b"));
        await ClearAsync();
        Assert.Empty(await FindAsync("/b"));
        Assert.Empty(await FindAsync("/c"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    [InlineData(262_144)]
    [InlineData(262_145)]
    [InlineData(3_000_000)]
    public async Task ContentOfAnySize_ComesBackByteForByte_AsAWholeAndInPieces(int length)
    {
        var content = new byte[length];
        new Random(length).NextBytes(content);
        await using (var writer = Store.OpenWriter(Entry("/a"), null)!)
        {
            for (var offset = 0; offset < length; offset += 50_000)
            {
                writer.Append(content.AsMemory(offset, Math.Min(50_000, length - offset)));
            }

            await writer.CompleteAsync();
        }

        await SettleAsync();
        var found = Assert.Single(await FindAsync("/a"));
        Assert.Equal(length, found.Body.Length);
        Assert.Equal(content, await BytesAsync(found, 0, length));
        if (length > 10)
        {
            Assert.Equal(content[(length / 3)..((length / 3) + (length / 2))], await BytesAsync(found, length / 3, length / 2));
        }
    }

    [Fact]
    public async Task UnderLoad_NoEntryEverHoldsAnothersBytes()
    {
        var workers = Enumerable
            .Range(0, 8)
            .Select(worker =>
                Task.Run(async () =>
                {
                    var random = new Random(worker);
                    for (var i = 0; i < 60; i++)
                    {
                        var number = random.Next(10);
                        if (random.Next(3) == 0)
                        {
                            await using var writer = Store.OpenWriter(Entry($"/{number}"), null);
                            writer?.Append(Encoding.ASCII.GetBytes(new string((char)('0' + number), random.Next(1, 150_000))));
                            await (writer?.CompleteAsync() ?? default);
                        }
                        else if (random.Next(10) == 0)
                        {
                            await Store.RemoveAllAsync(Some.Key($"/{number}"));
                        }
                        else
                        {
                            foreach (var found in await Store.FindAsync(Some.Key($"/{number}")))
                            {
                                try
                                {
                                    Assert.DoesNotContain(await ReadAsync(found), letter => letter != (char)('0' + number));
                                }
                                catch (OriginException)
                                {
                                    // Removed while it was read: broken off, and never another's.
                                }
                            }
                        }
                    }
                })
            );
        await Task.WhenAll(workers);
    }

    /// <summary>An empty store.</summary>
    protected abstract ValueTask<ICacheStore> OpenAsync();

    /// <summary>The time of the store.</summary>
    protected virtual DateTimeOffset Now => FakeTimeProvider.Start;

    /// <summary>A position of the log of purges at which nothing was purged yet.</summary>
    protected virtual LogPosition Position => new(7, 1);

    /// <summary>Purges everything.</summary>
    protected virtual ValueTask ClearAsync() => Store.ClearAsync();

    /// <summary>Waits until what was written is found.</summary>
    protected virtual Task SettleAsync() => Task.CompletedTask;

    private LogPosition After(int purges) => Position with { Number = Position.Number + purges };

    protected CacheEntry Entry(string target, params string[] fields) =>
        Some.Entry(fields) with
        {
            Serial = Random.Shared.NextInt64(),
            Key = Some.Key(target),
            Target = target,
            Partition = new CachePartition("forwarded/respect", "http", "proxy.test"),
            Position = Position,
            ReceivedAt = Now.AddMilliseconds(_made++),
            Freshness = new(TimeSpan.FromHours(1), FreshnessSource.Explicit),
        };

    protected async Task PutAsync(CacheEntry entry, string body)
    {
        await using (var writer = Store.OpenWriter(entry, body.Length)!)
        {
            writer.Append(Encoding.ASCII.GetBytes(body));
            await writer.CompleteAsync();
        }

        await SettleAsync();
    }

    protected async Task<IReadOnlyList<CacheEntry>> FindAsync(string target) => [.. await Store.FindAsync(Some.Key(target))];

    protected static async Task<string> ReadAsync(CacheEntry entry) =>
        Encoding.ASCII.GetString(await BytesAsync(entry, 0, entry.Body.Length!.Value));

    private static async Task<byte[]> BytesAsync(CacheEntry entry, long offset, long length)
    {
        var received = new MemoryStream();
        await using var content = entry.Body.Slice(offset, length).AsStream();
        await content.CopyToAsync(received);
        return received.ToArray();
    }
}
