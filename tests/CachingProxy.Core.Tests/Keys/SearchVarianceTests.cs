using CachingProxy.Core.Keys;

namespace CachingProxy.Core.Tests.Keys;

/// <summary>No-Vary-Search: which queries are the same to a response.</summary>
public class SearchVarianceTests
{
    [Theory]
    [InlineData("params=(\"a\")", "/x?a=1&b=2", "/x?b=2")]
    [InlineData("params=(\"a\")", "/x?a=1", "/x")]
    [InlineData("params=(\"a b\")", "/x?a+b=1&c=2", "/x?c=2&a%20b=3")]
    [InlineData("params=(\"%c3%bc\")", "/x?%C3%BC=1", "/x")]
    [InlineData("params", "/x?a&b", "/x?c")]
    [InlineData("params, except=(\"a\")", "/x?a=1&b=2", "/x?c=3&a=1")]
    [InlineData("params, except=(\"a\"), key-order", "/x?a=1&a=2", "/x?b=1&a=1&a=2")]
    [InlineData("key-order", "/x?b=1&a=2", "/x?a=2&b=1")]
    [InlineData("key-order", "/x?a&&", "/x?a=")]
    public void QueriesThatDifferInWhatDoesNotMatter_AreTheSame(string field, string one, string other)
    {
        var variance = SearchVariance.Parse(field)!;
        Assert.True(variance.AreEquivalent(one, other), $"{variance.Canonicalise(one)} and {variance.Canonicalise(other)}");
    }

    [Theory]
    [InlineData("params=(\"a\")", "/x?b=1", "/x?b=2")]
    [InlineData("params=(\"a\")", "/x?b=1&c=1", "/x?c=1&b=1")]
    [InlineData("params", "/x?a", "/y?a")]
    [InlineData("params, except=(\"a\")", "/x?a=1", "/x?a=2")]
    [InlineData("key-order", "/x?a=1&a=2", "/x?a=2&a=1")]
    [InlineData("key-order", "/x?a=1%262", "/x?a=1&2")]
    [InlineData("key-order", "/x?a=%ff", "/x?a=%fe")]
    [InlineData("key-order", "/x?a%3D=1", "/x?a=%3D1")]
    public void QueriesThatDifferInWhatMatters_AreNot(string field, string one, string other) =>
        Assert.False(SearchVariance.Parse(field)!.AreEquivalent(one, other));

    [Theory]
    [InlineData("")]
    [InlineData("params=?0")]
    [InlineData("params=()")]
    [InlineData("key-order=?0")]
    [InlineData("params=\"a\"")]
    [InlineData("params=(a)")]
    [InlineData("key-order=1")]
    [InlineData("except=(\"a\")")]
    [InlineData("params=(\"a\"), except=(\"b\")")]
    [InlineData("params=(\"a\"")]
    [InlineData("unknown")]
    public void AFieldThatSaysNothing_OrIsWrong_LeavesEveryByteToMatter(string field) => Assert.Null(SearchVariance.Parse(field));

    [Fact]
    public void AUri_IsFoundUnderAllThatItsPathHasSaid()
    {
        var variances = new SearchVariances();
        Assert.True(variances.TryLearn(Uri("/x?a=1"), SearchVariance.Parse("params=(\"a\")")!));
        Assert.True(variances.TryLearn(Uri("/x"), SearchVariance.Parse("params=(\"b\")")!));
        Assert.Equal(["/x?b=1", "/x?a=1", "/x?a=1&b=1"], variances.KeysOf(Uri("/x?a=1&b=1")).Select(key => key.Target));
        Assert.Equal(["/y?a=1"], variances.KeysOf(Uri("/y?a=1")).Select(key => key.Target));
    }

    [Fact]
    public void WhatCannotBeRemembered_IsNotHeeded()
    {
        var variances = new SearchVariances();
        Assert.All(
            Enumerable.Range(0, SearchVariances.MaxPerPath),
            number => Assert.True(variances.TryLearn(Uri("/x"), SearchVariance.Parse($"params=(\"{number}\")")!))
        );
        Assert.False(variances.TryLearn(Uri("/x"), SearchVariance.Parse("params=(\"one-more\")")!));
        Assert.True(variances.TryLearn(Uri("/x"), SearchVariance.Parse("params=(\"0\")")!));
        Assert.All(
            Enumerable.Range(1, SearchVariances.MaxPaths - 1),
            number => Assert.True(variances.TryLearn(Uri($"/{number}"), SearchVariance.Parse("params")!))
        );
        Assert.False(variances.TryLearn(Uri("/one-more"), SearchVariance.Parse("params")!));
    }

    private static CacheKey Uri(string target) => new("http://a.test", target);
}
