using CachingProxy.AspNetCore.Gate;
using CachingProxy.AspNetCore.Responses;
using CachingProxy.Configuration;
using CachingProxy.Core.Messages;
using CachingProxy.Http.Targets;
using CachingProxy.TestKit;

namespace CachingProxy.AspNetCore.Tests.Responses;

/// <summary>Redirects and cookies of an origin bring the client back to the proxy.</summary>
public class ReferenceRewriteTests
{
    private static readonly ReferenceRewrite WithBase = new(
        new OriginBase(new Uri("http://origin.test/api/")),
        "http",
        new GuardedRequest("/", "localhost:3000")
    );
    private static readonly ReferenceRewrite WithoutBase = new(
        new OriginBase(new Uri("http://origin.test:8080")),
        "http",
        new GuardedRequest("/", "localhost:3000")
    );

    [Theory]
    [InlineData("/api/target", "/target")]
    [InlineData("/api", "/")]
    [InlineData("/api?x=1", "/?x=1")]
    [InlineData("/api/a?x=/api/b#/api/c", "/a?x=/api/b#/api/c")]
    [InlineData("http://origin.test/api/target", "/target")]
    [InlineData("HTTP://Origin.Test:80/api/target#f", "/target#f")]
    [InlineData("//origin.test/api/target", "/target")]
    [InlineData("http://localhost:3000/api/target", "/target")]
    [InlineData("//localhost:3000/api/target", "/target")]
    [InlineData("http://localhost/api/target", "/target")]
    [InlineData("https://localhost:3000/api/target", "https://localhost:3000/target")]
    [InlineData("https://origin.test/api/target", "https://origin.test/api/target")]
    [InlineData("http://origin.test:81/api/target", "http://origin.test:81/api/target")]
    [InlineData("http://origin.test/login", "http://origin.test/login")]
    [InlineData("http://origin.test/apix", "http://origin.test/apix")]
    [InlineData("http://origin.test/api/../login", "http://origin.test/api/../login")]
    [InlineData("http://origin.test/api/%2e%2e/login", "http://origin.test/api/%2e%2e/login")]
    [InlineData("http://me@origin.test/api/x", "http://me@origin.test/api/x")]
    [InlineData("http://other.test/api/target", "http://other.test/api/target")]
    [InlineData("/login", "/login")]
    [InlineData("target", "target")]
    [InlineData("../target", "../target")]
    [InlineData("?x=http://origin.test/api/y", "?x=http://origin.test/api/y")]
    [InlineData("http//origin.test/api/x", "http//origin.test/api/x")]
    [InlineData("http:://origin.test/api/x", "http:://origin.test/api/x")]
    [InlineData("mailto:a@origin.test", "mailto:a@origin.test")]
    [InlineData("", "")]
    public void AReferenceToTheOrigin_BelowItsBase_BecomesAPath_AndEveryOtherStays(string reference, string expected) =>
        Assert.Equal(expected, WithBase.Reference(reference));

    [Theory]
    [InlineData("http://origin.test:8080/target?x#f", "/target?x#f")]
    [InlineData("http://origin.test:8080", "/")]
    [InlineData("http://origin.test:8080?x", "/?x")]
    [InlineData("/target", "/target")]
    [InlineData("http://origin.test/target", "http://origin.test/target")]
    public void WithoutABasePath_EveryPathOfTheOriginIsOurs(string reference, string expected) =>
        Assert.Equal(expected, WithoutBase.Reference(reference));

    [Theory]
    [InlineData("http://origin.test/api//evil.test/x")]
    [InlineData("http://origin.test/api/\\evil.test/x")]
    [InlineData("/api//evil.test/x")]
    [InlineData("http://origin.test/api/\t/evil.test/x")]
    [InlineData("/api/\t/evil.test/x")]
    public void APathThatWouldNameAnotherHost_Stays(string reference) => Assert.Equal(reference, WithBase.Reference(reference));

    [Theory]
    [InlineData("5; url=http://origin.test/api/x", "5; url=/x")]
    [InlineData("0;URL='http://origin.test/api/x'", "0; URL='/x'")]
    [InlineData("0, http://origin.test/api/x", "0, /x")]
    [InlineData("3; http://other.test/?curl=http://origin.test/api/x", "3; http://other.test/?curl=http://origin.test/api/x")]
    [InlineData("5", "5")]
    public void ARefresh_IsReadAsBrowsersDo(string value, string expected)
    {
        var fields = new Microsoft.AspNetCore.Http.HeaderDictionary { ["Refresh"] = value };
        WithBase.Apply(fields);
        Assert.Equal(expected, fields["Refresh"]);
    }

    [Fact]
    public async Task LocationContentLocationRefreshAndCookies_AreRewritten_OnAMissAndOnAHit()
    {
        FakeOrigin? running = null;
        await using var origin = running = new FakeOrigin(_ =>
            FakeOrigin.Response(
                301,
                "",
                $"Location: {running!.Url}api/target?a=b",
                "Content-Location: /api/here",
                $"Refresh: 5; url='{running.Url}api/there'",
                "Set-Cookie: a=/api/b; Path=/api/shop; Domain=origin.test; HttpOnly",
                "Set-Cookie: c=d; path=/other; domain=127.0.0.1",
                "Set-Cookie: e=f",
                "Cache-Control: max-age=60"
            )
        );
        await using var proxy = await TestProxy.StartWithAsync(
            new ProxySettings { Origin = new Uri(origin.Url, "/api"), SetCookie = SetCookieHandling.Store },
            new Serving.ServerDependencies()
        );
        foreach (var cache in (string[])["MISS", "HIT"])
        {
            using var response = await proxy.Client.GetAsync("/x", TestContext.Current.CancellationToken);
            Assert.Equal(cache, response.Headers.GetValues("X-Cache").Single());
            Assert.Equal("/target?a=b", response.Headers.Location!.OriginalString);
            Assert.Equal("/here", response.Content.Headers.ContentLocation!.OriginalString);
            Assert.Equal("5; url='/there'", response.Headers.GetValues("Refresh").Single());
            Assert.Equal(
                ["a=/api/b; Path=/shop; HttpOnly", "c=d; path=/other; domain=127.0.0.1", "e=f"],
                response.Headers.GetValues("Set-Cookie")
            );
        }

        Assert.Equal("/api/x", Assert.Single(origin.Requests).Target);
    }

    [Fact]
    public async Task SwitchedOff_EverythingIsAsTheOriginSentIt()
    {
        FakeOrigin? running = null;
        await using var origin = running = new FakeOrigin(_ =>
            FakeOrigin.Response(302, "", $"Location: {running!.Url}x", "Set-Cookie: a=b; Domain=other.test")
        );
        await using var proxy = await TestProxy.StartAsync(origin, new ProxySettings { RewriteLocation = false });
        using var response = await proxy.Client.GetAsync("/", TestContext.Current.CancellationToken);
        Assert.Equal($"{origin.Url}x", response.Headers.Location!.OriginalString);
        Assert.Equal("a=b; Domain=other.test", response.Headers.GetValues("Set-Cookie").Single());
    }

    [Fact]
    public async Task ARedirectBehindTheProxy_EndsAtItsTarget_AsAClientFollowsIt()
    {
        FakeOrigin? running = null;
        await using var origin = running = new FakeOrigin(request =>
            request.Target == "/api/old"
                ? FakeOrigin.Response(302, "", $"Location: {running!.Url}api/new")
                : FakeOrigin.Response($"at {request.Target}")
        );
        await using var proxy = await TestProxy.StartWithAsync(
            new ProxySettings { Origin = new Uri(origin.Url, "/api") },
            new Serving.ServerDependencies()
        );
        using var client = new HttpClient { BaseAddress = proxy.Url };
        Assert.Equal("at /api/new", await client.GetStringAsync("/old", TestContext.Current.CancellationToken));
    }
}
