using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Tests.Parsing;

public class HttpDateTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("Sun, 06 Nov 1994 08:49:37 GMT")]
    [InlineData("Sunday, 06-Nov-94 08:49:37 GMT")]
    [InlineData("Sun Nov  6 08:49:37 1994")]
    public void TheThreeForms_MeanTheSame(string text) =>
        Assert.Equal(new DateTimeOffset(1994, 11, 6, 8, 49, 37, TimeSpan.Zero), HttpDate.Parse(text, Now));

    [Fact]
    public void TwoDigitYearMoreThanFiftyYearsAhead_IsInThePast() =>
        Assert.Equal(1977, HttpDate.Parse("Sunday, 06-Nov-77 08:49:37 GMT", Now)!.Value.Year);

    [Theory]
    [InlineData("0")]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("Sun, 06 Nov 1994 08:49:37 UTC")]
    [InlineData("Sun, 06 Nov 0000 08:49:37 GMT")]
    [InlineData("1994-11-06T08:49:37Z")]
    public void AnythingElse_IsNoDate(string? text) => Assert.Null(HttpDate.Parse(text, Now));

    [Fact]
    public void WhatIsFormatted_IsReadAgain() => Assert.Equal(Now, HttpDate.Parse(HttpDate.Format(Now), Now));
}
