using CachingProxy.Core.Decisions;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using CachingProxy.TestKit;

namespace CachingProxy.Core.Tests.Decisions;

/// <summary>Which bytes answer a request, or why all of them do.</summary>
public class RangeRulesTests
{
    private static readonly CacheEntry Whole = Some.Entry("ETag: \"1\"") with { Body = new StoredBody([new byte[4], new byte[6]]) };

    [Theory]
    [InlineData("bytes=0-0", "0+1 of bytes 0-0/10")]
    [InlineData("BYTES=3-", "3+7 of bytes 3-9/10")]
    [InlineData("bytes=-4", "6+4 of bytes 6-9/10")]
    [InlineData("bytes=5-99999999999999999999", "5+5 of bytes 5-9/10")]
    [InlineData("bytes=-99999999999999999999", "0+10 of bytes 0-9/10")]
    [InlineData("bytes=0-1, 8-", "0+2 of bytes 0-1/10, 8+2 of bytes 8-9/10")]
    [InlineData("bytes=8-, 0-1", "8+2 of bytes 8-9/10, 0+2 of bytes 0-1/10")]
    [InlineData("bytes=0-1, 20-", "0+2 of bytes 0-1/10")]
    [InlineData("bytes=10-", "not satisfiable of 10")]
    [InlineData("bytes=99999999999999999999-", "not satisfiable of 10")]
    [InlineData("bytes=-0", "not satisfiable of 10")]
    [InlineData("bytes=", "whole: Unreadable")]
    [InlineData("bytes=a-", "whole: Unreadable")]
    [InlineData("bytes=-", "whole: Unreadable")]
    [InlineData("bytes=2-1", "whole: Unreadable")]
    [InlineData("bytes=0-1, x", "whole: Unreadable")]
    [InlineData("bytes=--1", "whole: Unreadable")]
    [InlineData("seconds=0-1", "whole: Unreadable")]
    [InlineData("bytes=0-,1-,2-", "whole: Overlapping")]
    public void ARangeOfTheWhole(string range, string decision) => Assert.Equal(decision, Decide(Whole, "GET", $"Range: {range}"));

    [Theory]
    [InlineData("\"1\"", "0+1 of bytes 0-0/10")]
    [InlineData("W/\"1\"", "whole: OtherRepresentation")]
    [InlineData("\"2\"", "whole: OtherRepresentation")]
    [InlineData("garbage", "whole: OtherRepresentation")]
    public void IfRange_DecidesFirst(string condition, string decision) =>
        Assert.Equal(decision, Decide(Whole, "GET", "Range: bytes=0-0", $"If-Range: {condition}"));

    [Fact]
    public void WithoutARange_OrWithAnotherMethodOrStatus_ItIsTheWhole()
    {
        Assert.Equal("whole: NotAsked", Decide(Whole, "GET"));
        Assert.Equal("whole: NotAsked", Decide(Whole, "HEAD", "Range: bytes=0-0"));
        Assert.Equal("whole: Status", Decide(Whole with { Status = 404 }, "GET", "Range: bytes=0-0"));
    }

    [Theory]
    [InlineData("bytes=4-6", "0+3 of bytes 4-6/10")]
    [InlineData("bytes=5-", "not stored")]
    [InlineData("bytes=5-5", "1+1 of bytes 5-5/10")]
    [InlineData("bytes=4-7", "not stored")]
    [InlineData("bytes=3-5", "not stored")]
    [InlineData("bytes=-2", "not stored")]
    [InlineData("bytes=4-4,6-6", "not stored")]
    [InlineData("x", "not stored")]
    public void ARangeOfAPart_IsThereOnlyIfItLiesWhollyWithin(string range, string decision) =>
        Assert.Equal(decision, Decide(Part(4, 6, 10, 3), "GET", $"Range: {range}"));

    [Fact]
    public void APartOfUnknownWhole_AnswersOnlyForPositionsThatAreNamed()
    {
        Assert.Equal("1+1 of bytes 5-5/*", Decide(Part(4, 6, null, 3), "GET", "Range: bytes=5-5"));
        Assert.Equal("not stored", Decide(Part(4, 6, null, 3), "GET", "Range: bytes=5-"));
    }

    [Fact]
    public void APart_AnswersTheVeryRangeThatBroughtIt_AsTheOriginDid() =>
        Assert.Equal("0+2 of bytes 4-6/10", Decide(Part(4, 6, 10, 2, "bytes=-6"), "GET", "Range: bytes=-6"));

    [Fact]
    public void APart_IsNeverTheWhole() => Assert.Equal("not stored", Decide(Part(4, 6, 10, 3), "GET"));

    [Theory]
    [InlineData(0, 3, 10L, "bytes=4-")]
    [InlineData(4, 9, 10L, "bytes=0-3")]
    [InlineData(2, 3, 10L, null)]
    [InlineData(0, 3, null, null)]
    public void WhatIsMissingOfAPart_IsKnown_IfItIsOneRange(long first, long last, long? complete, string? missing) =>
        Assert.Equal(missing, MissingPart.Of(Part(first, last, complete, last - first + 1), new CachePolicy())?.Range);

    [Fact]
    public void WithoutAStrongValidator_NothingCanBeCompleted()
    {
        Assert.Null(Missing(Part(0, 3, 10, 4) with { EntityTag = new EntityTag("1", IsWeak: true) }));
        Assert.Null(Missing(Part(0, 3, 10, 4) with { EntityTag = null, LastModified = FakeTimeProvider.Start }));
        Assert.NotNull(Missing(Part(0, 3, 10, 4) with { EntityTag = null, LastModified = FakeTimeProvider.Start.AddSeconds(-1) }));
        Assert.Null(Missing(Part(0, 3, 10, 3)));

        static MissingPart? Missing(CacheEntry part) => MissingPart.Of(part, new CachePolicy());
    }

    [Fact]
    public void WhatWouldBeTooLargeAsAWhole_IsNotCompleted() =>
        Assert.Null(MissingPart.Of(Part(0, 3, 10, 4), new CachePolicy { MaxObjectBytes = 9 }));

    private static CacheEntry Part(long first, long last, long? complete, long length, string asked = "") =>
        Whole with
        {
            Status = 206,
            Part = new StoredPart(new ContentRange(first, last, complete), length, asked),
            Body = new StoredBody([new byte[length]]),
        };

    private static string Decide(CacheEntry entry, string method, params string[] fields) =>
        RangeRules.Decide(Some.Request(Some.Face(null!), "/x", method, fields), entry, entry.Body.Length) switch
        {
            RangeDecision.Whole(var reason) => $"whole: {reason}",
            RangeDecision.Slices(var slices) => string.Join(
                ", ",
                slices.Select(slice => $"{slice.Offset}+{slice.Length} of {slice.Range}")
            ),
            RangeDecision.NotSatisfiable(var length) => $"not satisfiable of {length}",
            _ => "not stored",
        };
}
