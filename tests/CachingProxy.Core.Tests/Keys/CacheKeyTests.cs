using CachingProxy.Core.Keys;
using CachingProxy.TestKit;
using FsCheck.Fluent;

namespace CachingProxy.Core.Tests.Keys;

public class CacheKeyTests
{
    [Fact]
    public void F01_PartsThatReadTheSameWhenJoined_AreDifferentKeys() =>
        Assert.NotEqual(new CacheKey("http://a.test", "/b"), new CacheKey("http://a.tes", "t/b"));

    [Fact]
    public void F01_DifferentParts_AreAlwaysDifferentKeys() =>
        FsCheck.Check.QuickThrowOnFailure(
            Prop.ForAll<Tuple<string, string>, Tuple<string, string>>(
                (one, other) => Equals(one, other) == (new CacheKey(one.Item1, one.Item2) == new CacheKey(other.Item1, other.Item2))
            )
        );

    [Theory]
    [InlineData("a,b", "a", "b")]
    [InlineData("a|b", "a", "b")]
    public void F01_SelectingFieldsWithSeparatorsInThem_AreNotMixedUp(string joined, string first, string second)
    {
        var vary = Some.Fields("Vary: x, y");
        var one = VariantKey.Of(vary, Some.Fields($"x: {joined}", "y: c"));
        Assert.False(one.Matches(Some.Fields($"x: {first}", $"y: {second}")));
        Assert.False(one.IsSameAs(VariantKey.Of(vary, Some.Fields($"x: {first}", $"y: {second}"))));
    }

    [Theory]
    [InlineData("gzip, br", "gzip,br")]
    [InlineData("gzip ,  br", "gzip,br")]
    public void F24_WhiteSpaceInSelectingFields_MakesNoOtherVariant(string one, string other)
    {
        var variant = VariantKey.Of(Some.Fields("Vary: Accept-Encoding"), Some.Fields($"Accept-Encoding: {one}"));
        Assert.True(variant.Matches(Some.Fields($"accept-encoding: {other}")));
    }

    [Fact]
    public void AnAbsentSelectingField_MatchesOnlyAnAbsentOne()
    {
        var variant = VariantKey.Of(Some.Fields("Vary: X-A"), Some.Fields("X-B: 1"));
        Assert.True(variant.Matches(Some.Fields("X-B: 2")));
        Assert.False(variant.Matches(Some.Fields("X-A: 1")));
    }

    [Fact]
    public void TheLanguageOfAResponse_IsSelectedByAcceptLanguageAlone()
    {
        var variant = VariantKey.Of(
            Some.Fields("Vary: X-A, Accept-Language", "Content-Language: de"),
            Some.Fields("X-A: 1", "Accept-Language: en, de")
        );
        Assert.True(variant.Matches(Some.Fields("X-A: 1", "Accept-Language: de")));
        Assert.False(variant.Matches(Some.Fields("X-A: de", "Accept-Language: de")));
    }
}
