using System.IO.Pipelines;
using System.Text;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using CachingProxy.Core.Stores.Memory;
using CachingProxy.TestKit;
using FsCheck.Fluent;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.Core.Tests.Stores.Memory;

/// <summary>Entries that lie in slabs as bytes: what is put in comes out, and never another's.</summary>
public class PackedEntryTests
{
    // With more an entry is not packed.
    private const int MaxFields = 64;

    private static readonly bool IsSoak = Environment.GetEnvironmentVariable("SOAK_TESTS") == "1";

    private readonly HeadTemplates _templates = new();

    [Fact]
    public void AHead_ComesBackAsItWas_WhateverOthersOfItsKindHad() =>
        FsCheck.Check.QuickThrowOnFailure(
            Prop.ForAll<string[], string[], bool>(
                (values, tags, isTwoLines) =>
                {
                    var entry = Some.EntryFor($"/{values?.Length}") with
                    {
                        Fields = FieldList.OfDistinct([
                            .. (values ?? [])
                                .Take(MaxFields)
                                .Select(
                                    (value, i) =>
                                        new KeyValuePair<string, StringValues>(
                                            $"X-{i}",
                                            isTwoLines ? new StringValues(new[] { Latin(value), "" }) : new StringValues(Latin(value))
                                        )
                                ),
                        ]),
                        Tags = [.. (tags ?? []).Select(Latin)],
                        LastModified = isTwoLines ? FakeTimeProvider.Start : null,
                    };
                    var template = _templates.For(entry)!;
                    var read = template.Read(template.Write(entry), entry.Serial, ResponseBody.Empty);
                    Assert.Equal(entry.Fields, read.Fields);
                    Assert.Equal(entry.Tags, read.Tags);
                    Assert.Equal(
                        (
                            entry.Key,
                            entry.Target,
                            entry.Partition,
                            entry.Status,
                            entry.ReceivedAt,
                            entry.Position,
                            entry.LastModified,
                            entry.Serial,
                            entry.Freshness,
                            entry.Control
                        ),
                        (
                            read.Key,
                            read.Target,
                            read.Partition,
                            read.Status,
                            read.ReceivedAt,
                            read.Position,
                            read.LastModified,
                            read.Serial,
                            read.Freshness,
                            read.Control
                        )
                    );
                }
            )
        );

    [Fact]
    public void Entries_ShareOneTemplate_OnceItHasLearntWhatDiffers()
    {
        var templates = Enumerable
            .Range(0, 10)
            .Select(i =>
                _templates.For(
                    Some.EntryFor($"/{i}") with
                    {
                        Fields = Some.Fields($"ETag: \"{i}\"", "Content-Type: text/plain", $"X-Page: {i}"),
                    }
                )
            )
            .ToList();
        Assert.Equal(2, templates.Distinct().Count());
        Assert.Single(templates.Skip(1).Distinct());
    }

    [Fact]
    public void EntriesOfAnotherPartition_Variant_StatusOrDirectives_ShareNoTemplate()
    {
        var entry = Some.EntryFor("/a");
        CacheEntry[] others =
        [
            entry with
            {
                Partition = new CachePartition("other", "", ""),
            },
            entry with
            {
                Status = 404,
            },
            entry with
            {
                Control = new CacheControl { Private = true },
            },
            entry with
            {
                Key = new CacheKey("http://other.test", "/a"),
            },
            entry with
            {
                Variant = VariantKey.Of(Some.Fields("Vary: X-Kind"), Some.Fields("X-Kind: k")),
            },
            entry with
            {
                Freshness = new(default, FreshnessSource.Heuristic),
            },
        ];
        var template = _templates.For(entry);
        Assert.All(
            others,
            other =>
            {
                var own = _templates.For(other)!;
                Assert.NotSame(template, own);
                var read = own.Read(own.Write(other), 1, ResponseBody.Empty);
                Assert.Equal(
                    (other.Partition, other.Status, other.Control, other.Key, other.Freshness),
                    (read.Partition, read.Status, read.Control, read.Key, read.Freshness)
                );
                Assert.True(read.Variant.IsSameAs(other.Variant));
            }
        );
    }

    [Fact]
    public void K01_BytesThatAreNotThoseOfAnEntry_AreNotTakenForThem()
    {
        var segment = Segment.Write(7, serial: 1, seal: 5, [1, 2, 3], (StoredBody)ResponseBody.InMemory("content"u8.ToArray()));
        Assert.True(Segment.TryRead(segment, 1, 5, out var head, out var content));
        Assert.Equal([1, 2, 3], head.ToArray());
        Assert.Equal("content"u8.ToArray(), content.ToArray());
        Assert.False(Segment.TryRead(segment, 2, 5, out _, out _));
        Assert.False(Segment.TryRead(segment, 1, 6, out _, out _));
        for (var i = 4; i < 16 + 3 + 7; i++)
        {
            segment[i] ^= 1;
            Assert.False(Segment.TryRead(segment, 1, 5, out _, out _), $"The byte {i} was changed.");
            segment[i] ^= 1;
        }
    }

    [Fact]
    public async Task K01_WhileEntriesComeGoAndMove_NoneHasAnothersBytes()
    {
        var store = new MemoryStore(new MemoryStoreOptions { MaxBytes = 300_000 });
        await RunAsync(
            IsSoak ? 2_000_000 : 60_000,
            async (random, i) =>
            {
                var number = random.Next(500);
                switch (random.Next(8))
                {
                    case < 3:
                        await PutAsync(store, number, random.Next(10, 1000));
                        break;
                    case 3 when await store.FindAsync(Some.Key($"/{number}")) is [var found, ..]:
                        await store.UpdateAsync(
                            found,
                            found with
                            {
                                Fields = Fields(number, i),
                                Position = found.Position with { Number = i },
                            }
                        );
                        break;
                    case 4:
                        await store.RemoveAllAsync(Some.Key($"/{number}"));
                        break;
                    case 5 when random.Next(1000) == 0:
                        await store.ClearAsync();
                        break;
                    default:
                        foreach (var entry in await store.FindAsync(Some.Key($"/{number}")))
                        {
                            await AssertIsOfAsync(number, entry);
                        }

                        break;
                }
            }
        );
        Assert.InRange(store.HeldBytes, 0, 300_000);
        await store.ClearAsync();
        Assert.Equal(0, store.HeldBytes);
    }

    [Fact]
    public async Task WhileEntriesAreReplacedAndMoved_NoneIsMissed()
    {
        const int Entries = 200;
        var store = new MemoryStore(new MemoryStoreOptions { MaxBytes = 1 << 20 });
        for (var number = 0; number < Entries; number++)
        {
            await PutAsync(store, number, 1000);
        }

        await RunAsync(
            IsSoak ? 2_000_000 : 60_000,
            async (random, i) =>
            {
                var number = random.Next(Entries);
                var found = await store.FindAsync(Some.Key($"/{number}"));
                Assert.InRange(found.Count, 1, 2);
                await AssertIsOfAsync(number, found[^1]);
                if (random.Next(3) == 0)
                {
                    await store.UpdateAsync(found[^1], found[^1] with { Fields = Fields(number, i) });
                }
            }
        );
        Assert.InRange(store.HeldBytes, 0, 1 << 20);
    }

    [Fact]
    public async Task WhatIsAskedForOften_IsMadeAnObjectOfOnce()
    {
        var store = new MemoryStore(new MemoryStoreOptions());
        await PutAsync(store, 1, 100);
        async Task<CacheEntry> FindAsync() => Assert.Single(await store.FindAsync(Some.Key("/1")));
        Assert.NotSame(await FindAsync(), await FindAsync());
        Assert.Same(await FindAsync(), await FindAsync());
    }

    [Fact]
    public void HotEntries_MakeRoomForOneMore_ByTheOldest_AndNoMoreThanThat()
    {
        var hot = new HotEntries(20_000);
        var entry = Some.EntryFor("/a") with { Body = ResponseBody.InMemory(new byte[3000]) };
        var most = 0L;
        for (var i = 0; i < 100; i++)
        {
            hot.Add(new PackedSlot(), entry);
            Assert.InRange(hot.Bytes, most, 20_000);
            most = hot.Bytes;
        }
    }

    [Fact]
    public async Task WhatEntriesHaveInCommon_CountsWhileAnyOfThemIsStored()
    {
        var store = new MemoryStore(new MemoryStoreOptions());
        async Task PutAsync(string target)
        {
            await using var writer = store.OpenWriter(
                Some.EntryFor(target) with
                {
                    Fields = Some.Fields("X-Common: " + new string('x', 1000)),
                },
                4
            )!;
            writer.Append("body"u8.ToArray());
            await writer.CompleteAsync();
        }

        await PutAsync("/a");
        var one = store.HeldBytes;
        Assert.InRange(one, 2000, 4 << 20);
        await PutAsync("/b");
        await store.RemoveAllAsync(Some.Key("/a"));
        Assert.InRange(store.HeldBytes, 2000, (2 * one) - 1);
        await store.RemoveAllAsync(Some.Key("/b"));
        Assert.Equal(0, store.HeldBytes);
    }

    [Fact]
    public async Task HeadsThatAreLarge_AndAllDifferent_AreCountedInFull()
    {
        const int Characters = 14_000;
        const long Limit = 4 << 20;
        var store = new MemoryStore(new MemoryStoreOptions { MaxBytes = Limit });
        var targets = Enumerable.Range(0, 1000).Select(i => $"/{i}").ToList();
        foreach (var target in targets)
        {
            await using var writer = store.OpenWriter(
                Some.EntryFor(target) with
                {
                    Fields = Some.Fields($"Content-Security-Policy: {target}{new string('x', Characters)}"),
                },
                4
            )!;
            writer.Append("body"u8.ToArray());
            await writer.CompleteAsync();
        }

        var stored = 0;
        foreach (var target in targets)
        {
            stored += (await store.FindAsync(Some.Key(target))).Count;
        }

        Assert.InRange(stored * Characters * sizeof(char), Limit / 2, Limit);
    }

    [Fact]
    public async Task WhenLargeEntriesTakeTheRoom_TheSlabsOfSmallOnesAreGivenBack_AndTheOtherWayRound()
    {
        const long Limit = 8 << 20;
        var store = new MemoryStore(new MemoryStoreOptions { MaxBytes = Limit });
        for (var round = 0; round < 3; round++)
        {
            for (var number = 0; number < 10_000; number++)
            {
                await PutAsync(store, number, 1000);
                Assert.InRange(store.HeldBytes, 0, Limit);
            }

            Assert.NotEmpty(await store.FindAsync(Some.Key("/9999")));
            for (var number = 0; number < 40; number++)
            {
                await PutAsync(store, 20_000 + number, 500_000);
                Assert.InRange(store.HeldBytes, 0, Limit);
            }

            Assert.NotEmpty(await store.FindAsync(Some.Key("/20039")));
        }

        await store.ClearAsync();
        Assert.Equal(0, store.HeldBytes);
    }

    // A field as it comes over the wire has no other characters.
    private static string Latin(string? value) => new([.. (value ?? "").Select(letter => (char)(letter & 0xff))]);

    private static FieldList Fields(int number, int page) =>
        Some.Fields($"X-Number: {number}", $"X-Page: {page}", "Content-Type: text/plain");

    private static async Task PutAsync(MemoryStore store, int number, int bytes)
    {
        await using var writer = store.OpenWriter(Some.EntryFor($"/{number}") with { Fields = Fields(number, 0) }, bytes)!;
        writer.Append(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat($"<{number}>", bytes / 5))));
        await writer.CompleteAsync();
    }

    private static async Task AssertIsOfAsync(int number, CacheEntry entry)
    {
        Assert.Equal($"/{number}", entry.Target);
        Assert.Equal($"{number}", entry.Fields["X-Number"]);
        var content = new MemoryStream();
        var pipe = PipeWriter.Create(content, new(leaveOpen: true));
        await entry.Body.CopyToAsync(pipe, default);
        await pipe.CompleteAsync();
        var text = Encoding.ASCII.GetString(content.GetBuffer(), 0, (int)content.Length);
        Assert.Equal("", text.Replace($"<{number}>", "", StringComparison.Ordinal));
        Assert.Equal(entry.Body.Length, content.Length);
    }

    private static Task RunAsync(int steps, Func<Random, int, Task> step) =>
        Task.WhenAll(
            Enumerable
                .Range(0, 4)
                .Select(worker =>
                    Task.Run(async () =>
                    {
                        var random = new Random(worker);
                        for (var i = 0; i < steps; i++)
                        {
                            await step(random, i);
                        }
                    })
                )
        );
}
