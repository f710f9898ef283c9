using CachingProxy.Core.Messages;
using CachingProxy.Core.StructuredFields;

namespace CachingProxy.Core.Tests.Messages;

/// <summary>RFC 9211: what is said of how a request was handled.</summary>
public class CacheStatusTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromSeconds(60);

    public static TheoryData<CacheStatus, string> Texts =>
        new()
        {
            { CacheStatus.OfHit(HitReason.Fresh, Minute, null), "caching-proxy; hit; ttl=60" },
            { CacheStatus.OfHit(HitReason.Fresh, TimeSpan.FromSeconds(14.2), null), "caching-proxy; hit; ttl=15" },
            { CacheStatus.OfHit(HitReason.Fresh, Minute, "/x?a=\"1\""), "caching-proxy; hit; ttl=60; key=\"/x?a=\\\"1\\\"\"" },
            {
                CacheStatus.OfHit(HitReason.StaleWhileRevalidate, TimeSpan.FromSeconds(-0.1), null),
                "caching-proxy; hit; ttl=-1; detail=stale-while-revalidate"
            },
            { CacheStatus.OfHit(HitReason.MaxStale, -Minute, null), "caching-proxy; hit; ttl=-60; detail=max-stale" },
            {
                CacheStatus.OfHit(HitReason.StaleWhileRevalidate, -Minute, null),
                "caching-proxy; hit; ttl=-60; detail=stale-while-revalidate"
            },
            {
                CacheStatus.Forward(ForwardReason.UriMiss) with
                {
                    OriginStatus = 200,
                    IsStored = true,
                    TimeToLive = Minute,
                },
                "caching-proxy; fwd=uri-miss; fwd-status=200; stored; ttl=60"
            },
            {
                CacheStatus.Forward(ForwardReason.VaryMiss) with
                {
                    OriginStatus = 200,
                    IsCollapsed = true,
                    TimeToLive = Minute,
                },
                "caching-proxy; fwd=vary-miss; fwd-status=200; collapsed; ttl=60"
            },
            {
                CacheStatus.Forward(ForwardReason.Stale) with
                {
                    OriginStatus = 503,
                    IsInPlaceOfError = true,
                    TimeToLive = -Minute,
                },
                "caching-proxy; fwd=stale; fwd-status=503; ttl=-60; detail=stale-if-error"
            },
            { CacheStatus.Forward(ForwardReason.Partial), "caching-proxy; fwd=partial" },
            { CacheStatus.Forward(ForwardReason.Method) with { OriginStatus = 200 }, "caching-proxy; fwd=method; fwd-status=200" },
        };

    [Theory]
    [MemberData(nameof(Texts))]
    public void EachOutcome_HasItsText_WhichIsAStructuredField(CacheStatus status, string text)
    {
        Assert.Equal(text, status.ToString());
        Assert.NotNull(StructuredField.ParseList(text));
    }

    [Fact]
    public void EveryForwardReason_HasARegisteredToken() =>
        Assert.All(
            Enum.GetValues<ForwardReason>(),
            reason =>
                Assert.Contains(
                    reason.ToToken(),
                    (string[])["bypass", "method", "uri-miss", "vary-miss", "miss", "request", "stale", "partial"]
                )
        );

    [Fact]
    public void EveryReason_IsATokenOfItsOwn()
    {
        var details = Enum.GetValues<NotStoredReason>().Select(reason => reason.ToToken()).ToList();
        Assert.Equal(details.Count, details.Distinct().Count());
        Assert.All(details, detail => Assert.Matches("^[a-z]+(-[a-z]+)*$", detail));
    }
}
