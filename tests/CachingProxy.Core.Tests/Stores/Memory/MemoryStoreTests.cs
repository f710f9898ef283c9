using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Stores;
using CachingProxy.Core.Stores.Memory;
using CachingProxy.TestKit;

namespace CachingProxy.Core.Tests.Stores.Memory;

public class MemoryStoreTests
{
    [Fact]
    public async Task AnEntry_IsFoundOnceItsWriterHasCompletedIt()
    {
        var store = new MemoryStore(new MemoryStoreOptions());
        var writer = store.OpenWriter(Some.EntryFor("/a"), null)!;
        writer.Append("body"u8.ToArray());
        Assert.Empty(await store.FindAsync(Some.Key("/a")));
        await writer.CompleteAsync();
        Assert.Equal(4, Assert.Single(await store.FindAsync(Some.Key("/a"))).Body.Length);
    }

    [Fact]
    public async Task AWriterThatIsNotCompleted_LeavesNothingBehind()
    {
        var store = new MemoryStore(new MemoryStoreOptions());
        await using (var writer = store.OpenWriter(Some.EntryFor("/a"), null)!)
        {
            writer.Append(new byte[100]);
        }

        Assert.Empty(await store.FindAsync(Some.Key("/a")));
        Assert.Equal(0, store.HeldBytes);
    }

    [Fact]
    public async Task L06_AfterAnyMixOfPutsAndRemovals_WhatIsHeldIsWithinTheLimitAndAddsUp()
    {
        const long Limit = 4 << 20;
        var store = new MemoryStore(new MemoryStoreOptions { MaxBytes = Limit });
        var random = new Random(1);
        for (var step = 0; step < 10_000; step++)
        {
            var target = $"/{random.Next(300)}";
            if (random.Next(4) == 0)
            {
                await store.RemoveAllAsync(Some.Key(target));
            }
            else
            {
                await PutAsync(store, Some.EntryFor(target), random.Next(100_000));
            }

            Assert.InRange(store.HeldBytes, 0, Limit);
        }

        for (var number = 0; number < 300; number++)
        {
            await store.RemoveAllAsync(Some.Key($"/{number}"));
        }

        Assert.Equal(0, store.HeldBytes);
    }

    [Fact]
    public async Task F20_AScanOfUrlsAskedForOnce_LeavesTheHotSetAlone()
    {
        var store = new MemoryStore(new MemoryStoreOptions { MaxBytes = 1 << 20 });
        var hits = 0;
        for (var step = 0; step < 20_000; step++)
        {
            await PutAsync(store, Some.EntryFor($"/scan/{step}"), 1000);
            var hot = Some.Key($"/hot/{step % 50}");
            if (await store.FindAsync(hot) is [var entry, ..])
            {
                hits++;
                _ = entry.Body;
            }
            else
            {
                await PutAsync(store, Some.EntryFor(hot.Target), 1000);
            }
        }

        Assert.True(hits > 19_000, $"{hits} hits of 20000");
    }

    [Fact]
    public async Task F23_TheVariantsOfOneUrl_AreBounded()
    {
        var store = new MemoryStore(new MemoryStoreOptions());
        for (var number = 0; number < 1000; number++)
        {
            var variant = VariantKey.Of(Some.Fields("Vary: X-Rand"), Some.Fields($"X-Rand: {number}"));
            await PutAsync(store, Some.EntryFor("/a") with { Variant = variant }, 10);
        }

        Assert.Equal(Replacement.MaxVariants, (await store.FindAsync(Some.Key("/a"))).Count);
    }

    [Fact]
    public async Task ANewerResponseForTheSameVariant_TakesThePlaceOfTheOldOne()
    {
        var store = new MemoryStore(new MemoryStoreOptions());
        await PutAsync(store, Some.EntryFor("/a"), 10);
        await PutAsync(store, Some.EntryFor("/a"), 20);
        Assert.Equal(20, Assert.Single(await store.FindAsync(Some.Key("/a"))).Body.Length);
    }

    [Fact]
    public async Task WhatWasFetchedBeforeAPurge_NeverTakesThePlaceOfWhatWasFetchedAfterIt()
    {
        var store = new MemoryStore(new MemoryStoreOptions());
        await PutAsync(store, Some.EntryFor("/a") with { Position = new(1, 2) }, 20);
        await PutAsync(store, Some.EntryFor("/a") with { Position = new(1, 1) }, 10);
        Assert.Equal(20, Assert.Single(await store.FindAsync(Some.Key("/a"))).Body.Length);
    }

    [Fact]
    public async Task AnEntryLargerThanTheWholeStore_IsNotKept_WhetherItsLengthIsKnownOrNot()
    {
        var store = new MemoryStore(new MemoryStoreOptions { MaxBytes = 1 << 20 });
        Assert.Null(store.OpenWriter(Some.EntryFor("/a"), 1 << 20));
        await using var writer = store.OpenWriter(Some.EntryFor("/a"), null)!;
        writer.Append(new byte[1 << 20]);
        await writer.CompleteAsync();
        Assert.Empty(await store.FindAsync(Some.Key("/a")));
    }

    private static async Task PutAsync(MemoryStore store, CacheEntry entry, int bytes)
    {
        await using var writer = store.OpenWriter(entry, bytes)!;
        writer.Append(new byte[bytes]);
        await writer.CompleteAsync();
    }
}
