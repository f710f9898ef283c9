using System.Net;
using CachingProxy.Http.Targets;

namespace CachingProxy.Http.Tests.Targets;

public class AllowedTargetTests
{
    [Theory]
    [InlineData("api.local", "api.local", 80, true)]
    [InlineData("api.local", "API.local.", 80, true)]
    [InlineData("api.local", "x.api.local", 80, false)]
    [InlineData("api.local:22", "api.local", 22, true)]
    [InlineData("api.local:22", "api.local", 80, false)]
    [InlineData("api.local", "api.local", 22, false)]
    public void AHost_IsPermittedByItsName(string text, string host, int port, bool permitted) =>
        Assert.Equal(permitted, AllowedTarget.Parse(text)!.PermitsHost(host, port));

    [Theory]
    [InlineData("10.1.0.0/16", "10.1.2.3", 80, true)]
    [InlineData("10.1.0.0/16", "10.2.0.1", 80, false)]
    [InlineData("10.1.0.0/16:8080", "10.1.2.3", 80, false)]
    [InlineData("10.1.2.3", "10.1.2.3", 80, true)]
    [InlineData("[fd12::/16]:8080", "fd12::1", 8080, true)]
    [InlineData("fd12::/16", "fd12::1", 443, true)]
    [InlineData("10.1.0.0/16", "::ffff:10.1.2.3", 80, true)]
    public void ANetwork_IsPermittedByItsAddresses(string text, string address, int port, bool permitted) =>
        Assert.Equal(permitted, AllowedTarget.Parse(text)!.PermitsAddress(IPAddress.Parse(address), port));

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a:0")]
    [InlineData("a:99999")]
    [InlineData("10.0.0.0/33")]
    [InlineData("http://a")]
    public void AnythingElse_IsRefused(string text) => Assert.Null(AllowedTarget.Parse(text));
}
