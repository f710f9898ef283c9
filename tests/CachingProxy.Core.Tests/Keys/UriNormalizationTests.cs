using CachingProxy.Core.Keys;
using FsCheck.Fluent;

namespace CachingProxy.Core.Tests.Keys;

public class UriNormalizationTests
{
    [Theory]
    [InlineData("http", "A.TEST:80", "a.test")]
    [InlineData("https", "a.test:443", "a.test")]
    [InlineData("http", "a.test.", "a.test")]
    [InlineData("http", "a.test:8080", "a.test:8080")]
    [InlineData("http", "[::1]:80", "[::1]")]
    [InlineData("http", "[::1]:81", "[::1]:81")]
    [InlineData("http", "my_service", "my_service")]
    public void D04_HostsThatMeanTheSame_AreWrittenTheSame(string scheme, string host, string normalised) =>
        Assert.Equal(normalised, UriNormalization.NormaliseHost(scheme, host));

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData(".")]
    [InlineData("a..test")]
    [InlineData("a.test:")]
    [InlineData("a.test:0")]
    [InlineData("a.test:080")]
    [InlineData("a.test:-1")]
    [InlineData("a.test:65536")]
    [InlineData("a.test:99999")]
    [InlineData("a b")]
    [InlineData("u@a.test")]
    [InlineData("[::1")]
    [InlineData("[::1]evil")]
    [InlineData("[fe80::1%25eth0]")]
    [InlineData("[127.0.0.1]")]
    [InlineData("a.test/x")]
    public void D03_WhatIsNoHost_IsRefused(string? host) => Assert.Null(UriNormalization.NormaliseHost("http", host));

    [Theory]
    [InlineData("/")]
    [InlineData("/a%2Fb?x=1&y=%20")]
    [InlineData("//evil.test/x")]
    [InlineData("/a/../b")]
    public void AValidTarget_IsAccepted(string target) => Assert.True(UriNormalization.IsValidTarget(target));

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("/a#b")]
    [InlineData("/a b")]
    [InlineData("/a\\..\\b")]
    [InlineData("/a%zz")]
    [InlineData("/a%2")]
    [InlineData("/a\r\nX: y")]
    [InlineData("/\u00e9")]
    public void D16_ATargetWithTwoReadings_IsRefused(string target)
    {
        Assert.False(UriNormalization.IsValidTarget(target));
        Assert.False(UriNormalization.IsAcceptableRequestTarget(target));
    }

    [Theory]
    [InlineData("/../x", true)]
    [InlineData("/a/../../x", true)]
    [InlineData("/%2e%2e/x", true)]
    [InlineData("/..%2fx", true)]
    [InlineData("/..%5cx", true)]
    [InlineData("/..;a=b/x", true)]
    [InlineData("/a/../x", false)]
    [InlineData("/a/..b", false)]
    [InlineData("/x?../..", false)]
    public void E02_ATargetThatClimbsAboveItsBase_IsFoundInEverySpelling(string target, bool leaves) =>
        Assert.Equal(leaves, UriNormalization.LeavesBase(target));

    [Fact]
    public void AnyText_IsJudgedWithoutThrowing() =>
        FsCheck.Check.QuickThrowOnFailure(
            Prop.ForAll<string>(text =>
            {
                _ = UriNormalization.NormaliseHost("http", text);
                _ = UriNormalization.IsValidTarget(text);
                return true;
            })
        );
}
