using CachingProxy.Configuration;
using CachingProxy.Core.Messages;
using CachingProxy.TestKit;

namespace CachingProxy.AspNetCore.Tests.Requests;

/// <summary>Credentials under other names than <c>Authorization</c>, and those that the operator sends.</summary>
public class CredentialTests
{
    [Theory]
    [InlineData("X-Api-Key")]
    [InlineData("Api-Key")]
    [InlineData("apikey")]
    [InlineData("X-Auth-Token")]
    [InlineData("X-Access-Token")]
    [InlineData("PRIVATE-TOKEN")]
    [InlineData("Ocp-Apim-Subscription-Key")]
    [InlineData("X-Vault-Token")]
    [InlineData("X-Client-Secret")]
    [InlineData("Proxy-Authorization")]
    public async Task AnApiKey_KeepsAResponseFromBeingSharedByTheTtl_AndNotByAStatedLifetime(string name)
    {
        await using var origin = new FakeOrigin(request =>
            FakeOrigin.Response(
                request.Target,
                request.Target switch
                {
                    "/stated" => ["Cache-Control: max-age=60"],
                    "/public" => ["Cache-Control: public"],
                    "/varies" => [$"Vary: {name}"],
                    _ => [],
                }
            )
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        Assert.Contains("detail=request-credentials", await StatusAsync(proxy, "/ttl", $"{name}: a"));
        Assert.DoesNotContain("hit", await StatusAsync(proxy, "/ttl"));
        foreach (var target in (string[])["/stated", "/public", "/varies"])
        {
            Assert.Contains("stored", await StatusAsync(proxy, target, $"{name}: a"));
        }

        Assert.Contains("hit", await StatusAsync(proxy, "/stated"));

        // Proxy-Authorization never reaches the origin, so that nothing can vary on it.
        Assert.Equal(name == "Proxy-Authorization", (await StatusAsync(proxy, "/varies", $"{name}: b")).Contains("; hit"));
    }

    [Theory]
    [InlineData("Authorization", "Bearer operator")]
    [InlineData("X-Api-Key", "operator")]
    public async Task WhatTheOperatorReplaces_NoLongerKeepsAResponseFromBeingShared(string name, string value)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x", "Vary: Authorization, X-Api-Key"));
        await using var proxy = await TestProxy.StartAsync(origin, new ProxySettings { OriginFields = [new(name, value)] });
        Assert.Contains("stored", await StatusAsync(proxy, "/x", $"{name}: one"));
        Assert.Contains("hit", await StatusAsync(proxy, "/x", $"{name}: other"));
        Assert.Equal(value, Assert.Single(origin.Requests)[name]);
    }

    [Fact]
    public async Task InOverrideModeToo_AReplacedAuthorization_DoesNotKeepARequestFromTheCache()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x"));
        await using var proxy = await TestProxy.StartAsync(
            origin,
            new ProxySettings { TtlMode = TtlMode.Override, OriginFields = [new("Authorization", "Bearer operator")] }
        );
        await StatusAsync(proxy, "/x", "Authorization: Bearer sdk");
        Assert.Contains("hit", await StatusAsync(proxy, "/x", "Authorization: Bearer sdk"));
    }

    private static async Task<string> StatusAsync(TestProxy proxy, string target, params string[] fields)
    {
        var answer = await proxy.ExchangeAsync(proxy.Raw("GET", target, [.. fields, "Connection: close"]));
        return answer.Split("\r\n").Single(line => line.StartsWith("Cache-Status: ", StringComparison.Ordinal));
    }
}
