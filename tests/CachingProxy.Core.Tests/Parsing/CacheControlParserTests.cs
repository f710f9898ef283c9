using CachingProxy.Core.Parsing;
using FsCheck.Fluent;

namespace CachingProxy.Core.Tests.Parsing;

public class CacheControlParserTests
{
    [Theory]
    [InlineData("max-age=60", 60)]
    [InlineData("MAX-AGE=60", 60)]
    [InlineData("max-age=\"60\"", 60)]
    [InlineData("foo=\"a, max-age=5\", max-age=60", 60)]
    [InlineData("max-age=60, max-age=0", 0)]
    [InlineData("max-age=-1", 0)]
    [InlineData("max-age=1.5", 0)]
    [InlineData("max-age=", 0)]
    [InlineData("max-age", 0)]
    [InlineData("max-age=007", 7)]
    [InlineData("max-age=99999999999999999999", 2147483648)]
    public void MaxAge_IsReadInAllItsShapes_AndTheMostRestrictiveWins(string field, long seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), CacheControlParser.Parse(field).MaxAge);

    [Theory]
    [InlineData("PRIVATE")]
    [InlineData("no-cache=\"a\", private")]
    public void Private_IsReadWithoutRegardToCase(string field) => Assert.True(CacheControlParser.Parse(field).Private);

    [Fact]
    public void FieldNamesOfNoCacheAndPrivate_AreKeptApartFromTheDirectivesThemselves()
    {
        var control = CacheControlParser.Parse("no-cache=\"X-A, X-B\", private=X-C");
        Assert.Equal(["X-A", "X-B"], control.NoCacheFields);
        Assert.Equal(["X-C"], control.PrivateFields);
        Assert.False(control.NoCache || control.Private);
    }

    [Fact]
    public void SeveralLines_AreOneList() =>
        Assert.Equal(TimeSpan.FromSeconds(5), CacheControlParser.Parse(new(["no-store", "s-maxage=5"])).SharedMaxAge);

    [Fact]
    public void MaxStaleWithoutNumber_TakesAnyAge() => Assert.Equal(TimeSpan.MaxValue, CacheControlParser.Parse("max-stale").MaxStale);

    [Fact]
    public void AnyText_IsReadWithoutThrowing() =>
        FsCheck.Check.QuickThrowOnFailure(Prop.ForAll<string>(text => CacheControlParser.Parse(text) is not null));
}
