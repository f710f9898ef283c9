using CachingProxy.Http.Targets;
using CachingProxy.JsonProxy;
using FsCheck;
using FsCheck.Fluent;

namespace CachingProxy.Tests.JsonProxy;

public class ProxyTargetParserTests
{
    private static readonly ProxyTargetParser WithoutOrigin = new(null);
    private static readonly ProxyTargetParser WithOrigin = new(new OriginBase(new Uri("https://API.test:443/v1/")));

    [Theory]
    [InlineData("products", "https://api.test/v1/products")]
    [InlineData("/products", "https://api.test/v1/products")]
    [InlineData("?q=1", "https://api.test/v1/?q=1")]
    [InlineData("a+b?c=d+e", "https://api.test/v1/a+b?c=d+e")]
    [InlineData("a/../b", "https://api.test/v1/a/../b")]
    [InlineData("https://api.test/v1/products", "https://api.test/v1/products")]
    [InlineData("HTTPS://API.TEST:443/v1/products", "https://api.test/v1/products")]
    [InlineData("http://other.test", "http://other.test/")]
    [InlineData("http://other.test?x", "http://other.test/?x")]
    [InlineData("http://other.test:8080/%2e%2e/x", "http://other.test:8080/%2e%2e/x")]
    [InlineData("search?q=\"x\"|{y}&p=100%", "https://api.test/v1/search?q=\"x\"|{y}&p=100%")]
    [InlineData("http://other.test/?q=<a>\\b", "http://other.test/?q=<a>\\b")]
    [InlineData("http://0x7f.1/", "http://127.0.0.1/")]
    public void F03_UrlsThatMeanTheSame_AreOneKey(string url, string key) => Assert.Equal(key, WithOrigin.Parse(url).Key.ToString());

    [Theory]
    [InlineData("../x")]
    [InlineData("/../x")]
    [InlineData("%2e%2e/x")]
    [InlineData("a/../../x")]
    [InlineData("//evil.test/x")]
    [InlineData("\\\\evil.test\\x")]
    public void ARelativeUrlThatLeavesTheOrigin_IsRefused(string url) => Assert.NotNull(WithOrigin.Parse(url).Error);

    [Theory]
    [InlineData("http://①②⑦.⓪.⓪.①/")]
    [InlineData("http://127。0。0。1/")]
    [InlineData("http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/")]
    [InlineData("http://a.test‥/")]
    [InlineData("http://evil.c℀.good.test/")]
    [InlineData("http://good.test／evil/")]
    [InlineData("http://good.test@127.0.0.1/")]
    [InlineData("http://u:p@good.test/")]
    [InlineData("http://1.1.1.1 &@2.2.2.2# @3.3.3.3/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("/etc/passwd")]
    [InlineData("//127.0.0.1/")]
    [InlineData("ftp://a.test/")]
    [InlineData("gopher://127.0.0.1:6379/_INFO")]
    [InlineData("data:,x")]
    [InlineData("javascript:1")]
    [InlineData("ws://a.test/")]
    [InlineData("http+unix://%2ftmp%2fs/")]
    [InlineData("http:/a.test/")]
    [InlineData("http:a.test")]
    [InlineData("http://")]
    [InlineData("http:///x")]
    [InlineData(" http://127.0.0.1/")]
    [InlineData("\thttp://good.test/")]
    [InlineData("http://good.test/\r\nX: y")]
    [InlineData("http://good.test/a b")]
    [InlineData("http://o.test/a HTTP/1.1\r\nX-Injected: 1\r\nY: ")]
    [InlineData("http://good.test:0/")]
    [InlineData("http://good.test:65536/")]
    [InlineData("http://good.test:080/")]
    [InlineData("http://good.test:/")]
    [InlineData("http://[::1]evil/")]
    [InlineData("http://[fe80::1%25eth0]/")]
    [InlineData("http://[fe80::1%eth0]/")]
    [InlineData("http://4294967297/")]
    [InlineData("http://127.0.0.256/")]
    [InlineData("http://a.0x1/")]
    [InlineData("http://good.test/#fragment")]
    [InlineData("http://good.test/%zz")]
    [InlineData("http://good.test/a\"b")]
    [InlineData("http://good.test/a|b?c")]
    [InlineData("http://good.test\\@evil.test/?x")]
    public void J12_To_J19_E19_WhatIsNoPlainUrl_IsRefused(string url)
    {
        var target = WithoutOrigin.Parse(url);
        Assert.NotNull(target.Error);
        Assert.Null(target.Key);
    }

    [Fact]
    public void AUrlThatIsTooLong_IsRefused() => Assert.NotNull(WithoutOrigin.Parse("http://a.test/" + new string('a', 2048)).Error);

    [Fact]
    public void J35_AnyText_IsEitherRefusedOrAUrlThatUriReadsTheSameWay() =>
        Check.QuickThrowOnFailure(
            Prop.ForAll<NonNull<string>>(text =>
            {
                var target = WithoutOrigin.Parse("http://" + text.Get);
                return target.Key is not { } key
                    || (
                        Uri.TryCreate(key.ToString(), UriKind.Absolute, out var uri)
                        && uri.IdnHost == target.Host
                        && uri.Port == target.Port
                    );
            })
        );
}
