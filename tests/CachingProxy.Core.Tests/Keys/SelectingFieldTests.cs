using CachingProxy.Core.Keys;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Tests.Keys;

public class SelectingFieldTests
{
    [Theory]
    [InlineData("accept-encoding", "gzip, br", "BR , gzip;q=1")]
    [InlineData("accept-encoding", "gzip;q=0.5", "x-gzip;Q=0.500")]
    [InlineData("accept-encoding", "gzip, gzip", "gzip")]
    [InlineData("accept-language", "en-GB, de;q=0.7", "de;q=0.70,EN-gb")]
    [InlineData("x-any", "a, b", "a ,b")]
    public void WhatMeansTheSame_ReadsTheSame(string name, string one, string other) =>
        Assert.Equal(SelectingField.Normalise(name, one), SelectingField.Normalise(name, other));

    [Theory]
    [InlineData("accept-encoding", "gzip", "gzip;q=0")]
    [InlineData("accept-encoding", "gzip", "gzip;q=2")]
    [InlineData("accept-encoding", "gzip", "gzip;level=1")]
    [InlineData("accept-language", "en", "en-GB")]
    [InlineData("x-any", "a, b", "b, a")]
    [InlineData("x-any", "a", "A")]
    [InlineData("cookie", "a=1, b", "a=1,b")]
    [InlineData("user-agent", "a (b, c)", "a (b,c)")]
    [InlineData("x-any", "\"a, b\"", "\"a,b\"")]
    public void WhatMeansSomethingElse_ReadsDifferently(string name, string one, string other) =>
        Assert.NotEqual(SelectingField.Normalise(name, one), SelectingField.Normalise(name, other));

    [Fact]
    public void AnAbsentField_IsNoEmptyOne()
    {
        Assert.Null(SelectingField.Normalise("accept-encoding", default));
        Assert.Equal("", SelectingField.Normalise("accept-encoding", ""));
    }

    [Theory]
    [InlineData("de", true)]
    [InlineData("fr;q=0.5, DE", true)]
    [InlineData("de, en", false)]
    [InlineData("en, de;q=0.9", false)]
    [InlineData("de;q=0", false)]
    [InlineData("de-AT", false)]
    [InlineData("*", false)]
    [InlineData("", false)]
    public void ALanguageIsPreferred_IfNoOtherIsAsWell(string field, bool isPreferred) =>
        Assert.Equal(isPreferred, SelectingField.Prefers(field, "de"));

    [Theory]
    [InlineData("a;q=0.001", 1)]
    [InlineData("a ; q=1.000", 1000)]
    [InlineData("a;q=0", 0)]
    [InlineData("a;q=0.", 0)]
    public void AWeight_IsReadInThousandths(string field, int thousandths) =>
        Assert.Equal([new Preference("a", thousandths)], Preference.Parse(field)!);

    [Theory]
    [InlineData("a;q=1.001")]
    [InlineData("a;q=0.0001")]
    [InlineData("a;q=x")]
    [InlineData("a;q")]
    [InlineData("a b")]
    public void WhatIsNoListOfWeights_IsNotTakenForOne(string field) => Assert.Null(Preference.Parse(field));
}
