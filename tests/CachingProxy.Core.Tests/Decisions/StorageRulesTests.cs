using CachingProxy.Core.Decisions;
using CachingProxy.Core.Messages;
using CachingProxy.TestKit;

namespace CachingProxy.Core.Tests.Decisions;

public class StorageRulesTests
{
    private static readonly CachePolicy Respect = new();
    private static readonly CachePolicy Override = new() { TtlMode = TtlMode.Override };

    [Theory]
    [InlineData("no-store", NotStoredReason.NoStore)]
    [InlineData("max-age=60, no-store", NotStoredReason.NoStore)]
    [InlineData("PRIVATE", NotStoredReason.Private)]
    [InlineData("s-maxage=0", NotStoredReason.NoLifetime)]
    public void F14_WhatTheOriginForbids_IsNotStored(string control, NotStoredReason reason) =>
        Assert.Equal(reason, Reason(Respect, Some.Response(fields: $"Cache-Control: {control}")));

    [Theory]
    [InlineData("max-age=60", NotStoredReason.Authorization)]
    [InlineData("max-age=60, public", null)]
    [InlineData("s-maxage=60", null)]
    [InlineData("max-age=60, must-revalidate", null)]
    public void F12_ResponsesToCredentials_AreStoredOnlyWhereTheOriginPermitsSharing(string control, NotStoredReason? reason) =>
        Assert.Equal(reason, Reason(Respect, Some.Response(fields: $"Cache-Control: {control}"), "Authorization: Bearer a"));

    [Theory]
    [InlineData(null, NotStoredReason.RequestCookie)]
    [InlineData("Cache-Control: max-age=60", null)]
    [InlineData("Cache-Control: public", null)]
    [InlineData("Vary: Cookie", null)]
    public void F11_ResponsesToCookies_AreNeverStoredByTheTtlAlone(string? field, NotStoredReason? reason) =>
        Assert.Equal(reason, Reason(Respect, Some.Response(fields: field is null ? [] : [field]), "Cookie: a=b"));

    [Theory]
    [InlineData(400)]
    [InlineData(405)]
    [InlineData(413)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public void F07_ErrorsWithoutStatedLifetime_AreNotStored(int status) =>
        Assert.Equal(NotStoredReason.Status, Reason(Respect, Some.Response(status: status)));

    [Theory]
    [InlineData(404, "max-age=60", null)]
    [InlineData(500, "max-age=60", null)]
    [InlineData(400, "max-age=60", NotStoredReason.Status)]
    [InlineData(431, "max-age=60", NotStoredReason.Status)]
    [InlineData(400, "public, max-age=60", null)]
    public void F07_ErrorsWithStatedLifetime_AreStored_ButSomeOnlyIfPublic(int status, string control, NotStoredReason? reason) =>
        Assert.Equal(reason, Reason(Respect, Some.Response(status: status, fields: $"Cache-Control: {control}")));

    [Fact]
    public void SetCookie_IsRefused_UnlessConfiguredOtherwise()
    {
        var response = Some.Response(fields: ["Cache-Control: max-age=60", "Set-Cookie: a=b"]);
        Assert.Equal(NotStoredReason.SetCookie, Reason(Respect, response));
        Assert.Null(Reason(Respect with { SetCookie = SetCookieHandling.Store }, response));
        Assert.Null(Reason(Respect with { SetCookie = SetCookieHandling.Strip }, response));
    }

    [Theory]
    [InlineData("*", NotStoredReason.VaryAny)]
    [InlineData("a, *", NotStoredReason.VaryAny)]
    public void F22_VaryAny_IsNotStored(string vary, NotStoredReason reason) =>
        Assert.Equal(reason, Reason(Respect, Some.Response(fields: $"Vary: {vary}")));

    [Fact]
    public void F23_VaryWithTooManyNames_IsNotStored() =>
        Assert.Equal(
            NotStoredReason.VaryTooLong,
            Reason(Respect, Some.Response(fields: $"Vary: {string.Join(",", Enumerable.Range(0, 500).Select(number => $"X-{number}"))}"))
        );

    [Fact]
    public void AnEventStream_IsNotStored() =>
        Assert.Equal(NotStoredReason.EventStream, Reason(Respect, Some.Response(fields: "Content-Type: text/event-stream")));

    [Theory]
    [InlineData("Range: bytes=0-3", "bytes 0-3/10", null)]
    [InlineData("Range: bytes=0-3", "bytes 0-3/*", null)]
    [InlineData("Range: bytes=0-3", "bytes 3-0/10", NotStoredReason.Partial)]
    [InlineData("Range: bytes=0-3", "bytes 0-3/3", NotStoredReason.Partial)]
    [InlineData("Range: bytes=0-3", "bytes */10", NotStoredReason.Partial)]
    [InlineData("Range: bytes=0-3", "cows 0-3/10", NotStoredReason.Partial)]
    [InlineData("X-A: 1", "bytes 0-3/10", NotStoredReason.Partial)]
    public void B32_APart_IsStoredOnlyIfItIsClearWhichOne(string request, string contentRange, NotStoredReason? reason) =>
        Assert.Equal(
            reason,
            Reason(Respect, Some.Response(status: 206, fields: ["Cache-Control: max-age=60", $"Content-Range: {contentRange}"]), request)
        );

    [Fact]
    public void F09_A416_IsAboutTheRange_AndNotStored() =>
        Assert.Equal(
            NotStoredReason.Partial,
            Reason(Respect, Some.Response(status: 416, fields: "Cache-Control: max-age=60, public"), "Range: bytes=9-")
        );

    [Theory]
    [InlineData("POST", "/x", "max-age=60", null)]
    [InlineData("PATCH", "http://origin.test/x", "max-age=60", null)]
    [InlineData("POST", "/y", "max-age=60", NotStoredReason.Method)]
    [InlineData("POST", "http://other.test/x", "max-age=60", NotStoredReason.Method)]
    [InlineData("POST", "/x", "public", NotStoredReason.Method)]
    [InlineData("POST", "/x", "max-age=60, no-store", NotStoredReason.NoStore)]
    public void AResponseToPost_IsStoredOnlyAsTheResourceItself(string method, string location, string control, NotStoredReason? reason) =>
        Assert.Equal(
            reason,
            Reason(Respect, method, Some.Response(fields: [$"Cache-Control: {control}", $"Content-Location: {location}"]))
        );

    [Theory]
    [InlineData(200, "must-understand, no-store, max-age=60", null)]
    [InlineData(200, "no-store, max-age=60", NotStoredReason.NoStore)]
    [InlineData(299, "must-understand, max-age=60", NotStoredReason.NotUnderstood)]
    [InlineData(299, "must-understand, no-store, max-age=60", NotStoredReason.NotUnderstood)]
    [InlineData(299, "max-age=60", null)]
    public void MustUnderstand_IsForStatusesThatAreKnown(int status, string control, NotStoredReason? reason) =>
        Assert.Equal(reason, Reason(Respect, Some.Response(status: status, fields: $"Cache-Control: {control}")));

    [Fact]
    public void WithTtlZero_AResponseWithNeitherLifetimeNorValidator_IsNotStored() =>
        Assert.Equal(NotStoredReason.NoLifetime, Reason(Respect with { TimeToLive = TimeSpan.Zero }, Some.Response()));

    [Fact]
    public void WithTtlZero_AValidatorIsReasonEnoughToStore() =>
        Assert.Null(Reason(Respect with { TimeToLive = TimeSpan.Zero }, Some.Response(fields: "ETag: \"a\"")));

    [Fact]
    public void WhatSaysThatItIsTooLarge_IsNotStored() =>
        Assert.Equal(NotStoredReason.TooLarge, Reason(Respect with { MaxObjectBytes = 3 }, Some.Response("four")));

    [Fact]
    public void InOverrideMode_ProhibitionsDoNotCount() =>
        Assert.Null(Reason(Override, Some.Response(fields: "Cache-Control: no-store, private"), "Cache-Control: no-store"));

    [Fact]
    public void InOverrideMode_ResponsesToCredentialsAreStillNotStored() =>
        Assert.Equal(
            NotStoredReason.Authorization,
            Reason(Override, Some.Response(fields: "Cache-Control: public, max-age=60"), "Authorization: Bearer a")
        );

    [Fact]
    public void InOverrideMode_TheRuleOnCookiesStillHolds() =>
        Assert.Equal(NotStoredReason.RequestCookie, Reason(Override, Some.Response(fields: "Cache-Control: max-age=60"), "Cookie: a=b"));

    private static NotStoredReason? Reason(CachePolicy policy, OriginResponse response, params string[] requestFields)
    {
        return Reason(policy, "GET", response, requestFields);
    }

    private static NotStoredReason? Reason(CachePolicy policy, string method, OriginResponse response, params string[] requestFields)
    {
        var facts = RequestFacts.Of(Some.Request(Some.Face(null!, policy), "/x", method, requestFields));
        return StorageRules.Decide(policy, Some.Key(), facts, response, FakeTimeProvider.Start) is StorageDecision.DoNotStore(var reason)
            ? reason
            : null;
    }
}
