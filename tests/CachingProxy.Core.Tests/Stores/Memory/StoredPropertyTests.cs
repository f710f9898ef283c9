using System.Reflection;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using CachingProxy.Core.Stores;
using CachingProxy.Core.Stores.Memory;
using CachingProxy.TestKit;

namespace CachingProxy.Core.Tests.Stores.Memory;

/// <summary>No property of an entry is lost, or served from another URL's entry, because somebody forgot it.</summary>
public class StoredPropertyTests
{
    private static readonly CacheEntry Plain = Some.Entry("ETag: \"a\"", "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT", "X-Page: 1");

    // An entry for each property in which it, and what follows from it, is not as in the plain one.
    private static readonly Dictionary<string, CacheEntry> Samples = new()
    {
        [nameof(CacheEntry.Serial)] = Plain with { Serial = 42 },
        [nameof(CacheEntry.Key)] = Plain with { Key = new CacheKey("http://other.test", "/b"), Target = "/b" },
        [nameof(CacheEntry.Target)] = Plain with { Target = Plain.Target + "?of-the-request" },
        [nameof(CacheEntry.Partition)] = Plain with { Partition = new CachePartition("f", "https", "h") { Query = "q" } },
        [nameof(CacheEntry.Status)] = Plain with { Status = 404 },
        [nameof(CacheEntry.Fields)] = Plain with
        {
            Fields = Some.Fields("ETag: \"a\"", "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT", "X-Page: 2"),
        },
        [nameof(CacheEntry.ReceivedAt)] = Plain with { ReceivedAt = Plain.ReceivedAt.AddSeconds(1) },
        [nameof(CacheEntry.InitialAge)] = Plain with { InitialAge = TimeSpan.FromSeconds(7) },
        [nameof(CacheEntry.Position)] = Plain with { Position = new(3, 4) },
        [nameof(CacheEntry.Tags)] = Plain with { Tags = ["red", "green"] },
        [nameof(CacheEntry.Variant)] = Plain with { Variant = VariantKey.OfParts(new(["accept-language"], ["de"], "de", "gzip")) },
        [nameof(CacheEntry.SearchVariance)] = With("No-Vary-Search: params"),
        [nameof(CacheEntry.Part)] = Plain with { Part = new StoredPart(new ContentRange(0, 9, 20), 10, "bytes=0-9") },
        [nameof(CacheEntry.Freshness)] = Plain with { Freshness = new(TimeSpan.FromSeconds(8), FreshnessSource.TimeToLive) },
        [nameof(CacheEntry.Control)] = Plain with
        {
            Control = new CacheControl { MustRevalidate = true, MaxAge = TimeSpan.FromSeconds(5) },
        },
        [nameof(CacheEntry.Date)] = Plain with { Date = Plain.Date.AddSeconds(-3) },
        [nameof(CacheEntry.EntityTag)] = With("ETag: \"b\""),
        [nameof(CacheEntry.LastModified)] = With("Last-Modified: Fri, 02 Jan 2026 00:00:00 GMT"),
    };

    public static TheoryData<string> Names => [.. StoredProperty.All.Select(property => property.Name)];

    [Fact]
    public void EveryPropertyOfAnEntry_HasARow()
    {
        var settable = typeof(CacheEntry)
            .GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Where(property => property.SetMethod is not null && property.Name != nameof(CacheEntry.Body))
            .Select(property => property.Name);
        Assert.Equal(
            settable.Order(StringComparer.Ordinal),
            StoredProperty.All.Select(property => property.Name).Order(StringComparer.Ordinal)
        );
        Assert.Equal(
            Samples.Keys.Order(StringComparer.Ordinal),
            StoredProperty.All.Select(property => property.Name).Order(StringComparer.Ordinal)
        );
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void AProperty_IsStoredOutsideThisProcess(string name)
    {
        var read = EntryFormat.Read(EntryFormat.Write(Samples[name], Samples[name].Part?.Length ?? 0))!.Entry;
        Assert.Equal(TextOf(Samples[name]), TextOf(read));
        Assert.NotEqual(ValueOf(Plain, name), ValueOf(read, name));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void AProperty_IsPackedWithItsOwnEntry_WhateverTheTemplateWasMadeOf(string name)
    {
        foreach (var (first, second) in ((CacheEntry, CacheEntry)[])[(Plain, Samples[name]), (Samples[name], Plain)])
        {
            var templates = new HeadTemplates();
            templates.For(first);
            if (templates.For(second) is { } template)
            {
                Assert.Equal(TextOf(second), TextOf(template.Read(template.Write(second), second.Serial, ResponseBody.Empty)));
            }
        }
    }

    private static CacheEntry With(string field)
    {
        var name = field[..field.IndexOf(':', StringComparison.Ordinal)];
        var entry = Some.Entry([.. Plain.Fields.Where(other => other.Key != name).Select(other => $"{other.Key}: {other.Value}"), field]);
        return entry with { Serial = Plain.Serial, SearchVariance = SearchVariance.Parse(entry.Fields["No-Vary-Search"]) };
    }

    // All properties, as text.
    private static string TextOf(CacheEntry entry) =>
        string.Join('\n', StoredProperty.All.Select(property => $"{property.Name}: {ValueOf(entry, property.Name)}"));

    private static string ValueOf(CacheEntry entry, string name) =>
        entry.GetType().GetProperty(name, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)!.GetValue(entry) switch
        {
            null => "none",
            IEnumerable<string> texts => string.Join(',', texts),
            FieldList fields => string.Join('\n', fields.Select(field => $"{field.Key}={field.Value}")),
            VariantKey variant => string.Join(
                '|',
                string.Join(',', variant.Parts.Names),
                string.Join(',', variant.Parts.Values),
                variant.Parts.Language,
                variant.Parts.Codings
            ),
            SearchVariance variance => variance.AreEquivalent("/?a=1", "/?a=2").ToString(),
            var value => value.ToString()!,
        };
}
