using CachingProxy.Core.Decisions;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;
using CachingProxy.TestKit;

namespace CachingProxy.Core.Tests.Decisions;

/// <summary>What is done with a request, and why: the decision and its reason together.</summary>
public class ReuseRulesTests
{
    private static readonly DateTimeOffset Now = FakeTimeProvider.Start;
    private static readonly CachePolicy Respect = new();
    private static readonly CachePolicy Override = new() { TtlMode = TtlMode.Override };

    [Fact]
    public void AFreshResponse_IsServed() => Assert.Equal("serve: Fresh", Decide(Entry("max-age=10", age: 9)));

    [Theory]
    [InlineData("max-age=10", 10, "revalidate: Stale")]
    [InlineData("no-cache, max-age=10", 1, "revalidate: MustValidate")]
    [InlineData("max-age=10, must-revalidate, stale-while-revalidate=60", 11, "revalidate: Stale")]
    [InlineData("s-maxage=10, stale-if-error=60", 11, "revalidate: Stale")]
    [InlineData("max-age=10, stale-if-error=60", 11, "revalidate: Stale, may stand in")]
    [InlineData("max-age=10, stale-if-error=1", 12, "revalidate: Stale")]
    [InlineData("max-age=10, stale-while-revalidate=1", 11, "serve: StaleWhileRevalidate")]
    [InlineData("max-age=10, stale-while-revalidate=1", 12, "revalidate: Stale")]
    public void AResponseThatIsNotFresh_IsWhatTheOriginPermits(string control, int age, string decision) =>
        Assert.Equal(decision, Decide(Entry(control, age, hasTag: true)));

    [Theory]
    [InlineData("no-cache", "revalidate: ClientDirective")]
    [InlineData("max-age=4", "revalidate: ClientDirective")]
    [InlineData("max-age=5", "serve: Fresh")]
    [InlineData("min-fresh=6", "revalidate: ClientDirective")]
    [InlineData("min-fresh=5", "serve: Fresh")]
    [InlineData("only-if-cached", "serve: Fresh")]
    [InlineData("only-if-cached, no-cache", "gateway timeout: ClientDirective")]
    public void TheClientsDirectives_CountBesideFreshness(string control, string decision) =>
        Assert.Equal(decision, Decide(Entry("max-age=10", age: 5, hasTag: true), Respect, "GET", $"Cache-Control: {control}"));

    [Theory]
    [InlineData("max-stale", "serve: MaxStale")]
    [InlineData("max-stale=2", "serve: MaxStale")]
    [InlineData("max-stale=1", "fetch: Stale")]
    [InlineData("stale-if-error=2", "fetch: Stale, may stand in")]
    public void AClientThatTakesStale_GetsIt(string control, string decision) =>
        Assert.Equal(decision, Decide(Entry("max-age=10", age: 12), Respect, "GET", $"Cache-Control: {control}"));

    [Theory]
    [InlineData("GET", "fetch: Stale")]
    [InlineData("HEAD", "forward: Stale")]
    public void AStaleResponseWithoutValidator_IsNotAskedAbout(string method, string decision) =>
        Assert.Equal(decision, Decide(Entry("max-age=10", age: 10), Respect, method));

    [Fact]
    public void InOverrideMode_NeitherSideIsAsked_AndNothingIsStale()
    {
        Assert.Equal(
            "serve: Fresh",
            Decide(
                Entry("no-cache", age: 5) with
                {
                    Freshness = new(TimeSpan.FromSeconds(6), FreshnessSource.TimeToLive),
                },
                Override,
                "GET",
                "Cache-Control: no-cache"
            )
        );
        Assert.Equal(
            "fetch: Stale",
            Decide(
                Entry("max-age=10, stale-while-revalidate=60, stale-if-error=60", age: 10, hasTag: true),
                Override,
                "GET",
                "Cache-Control: max-stale"
            )
        );
    }

    [Theory]
    [InlineData(ForwardReason.UriMiss)]
    [InlineData(ForwardReason.VaryMiss)]
    [InlineData(ForwardReason.Purged)]
    [InlineData(ForwardReason.Partial)]
    public void WithoutAStoredResponse_TheReasonIsTheLookups(ForwardReason reason)
    {
        Assert.Equal($"fetch: {reason}", Text(ReuseRules.Decide(Request("GET"), LookupResult.Missed(reason), Now)));
        Assert.Equal($"forward: {reason}", Text(ReuseRules.Decide(Request("HEAD"), LookupResult.Missed(reason), Now)));
        Assert.Equal(
            $"gateway timeout: {reason}",
            Text(ReuseRules.Decide(Request("GET", "Cache-Control: only-if-cached"), LookupResult.Missed(reason), Now))
        );
    }

    [Theory]
    [InlineData("Range: bytes=0-1", "fetch: UriMiss")]
    [InlineData("Range: bytes=cow", "forward: Range")]
    public void ARangeThatIsNotStored_IsFetchedAsAPart_IfItCanBeRead(string range, string decision) =>
        Assert.Equal(decision, Text(ReuseRules.Decide(Request("GET", range), LookupResult.Missed(ForwardReason.UriMiss), Now)));

    [Fact]
    public void APart_IsCompletedForAWhole_AndServedForARange()
    {
        var part = Entry("max-age=10", age: 1, hasTag: true) with { Status = 206, Part = new StoredPart(new(0, 3, 10), 4, "bytes=0-3") };
        Assert.Equal("complete: bytes=4-", Decide(part));
        Assert.Equal("serve: Fresh", Decide(part, Respect, "GET", "Range: bytes=1-2"));
        Assert.Equal("gateway timeout: Partial", Decide(part, Respect, "GET", "Cache-Control: only-if-cached"));
        Assert.Equal("fetch: Stale", Decide(part with { InitialAge = TimeSpan.FromSeconds(10) }));
    }

    [Theory]
    [InlineData("POST", null, ForwardReason.Method)]
    [InlineData("get", null, ForwardReason.Method)]
    [InlineData("QUERY", null, ForwardReason.Method)]
    [InlineData("GET", "Content-Length: 1", ForwardReason.RequestContent)]
    [InlineData("GET", "If-Match: \"a\"", ForwardReason.Precondition)]
    [InlineData("GET", "If-Unmodified-Since: x", ForwardReason.Precondition)]
    [InlineData("GET", "Authorization: x", null)]
    [InlineData("HEAD", null, null)]
    public void SomeRequests_BypassTheCache(string method, string? field, ForwardReason? reason) =>
        Assert.Equal(reason, ReuseRules.Bypass(Request(method, field is null ? [] : [field])));

    [Fact]
    public void InOverrideMode_CredentialsAndATtlOfZero_BypassTheCache()
    {
        Assert.Equal(ForwardReason.Authorization, ReuseRules.Bypass(Some.Request(Some.Face(null!, Override), fields: "Authorization: x")));
        Assert.Equal(
            ForwardReason.CachingIsOff,
            ReuseRules.Bypass(Some.Request(Some.Face(null!, Override with { TimeToLive = TimeSpan.Zero })))
        );
    }

    private static string Decide(CacheEntry entry, CachePolicy? policy = null, string method = "GET", params string[] fields) =>
        Text(ReuseRules.Decide(Some.Request(Some.Face(null!, policy ?? Respect), "/x", method, fields), LookupResult.Found(entry), Now));

    private static CacheRequest Request(string method, params string[] fields) =>
        Some.Request(Some.Face(null!, Respect), "/x", method, fields);

    private static string Text(ReuseDecision decision) =>
        decision switch
        {
            ReuseDecision.Serve(_, _, var reason) => $"serve: {reason}",
            ReuseDecision.Revalidate(_, var reason, var standIn) => $"revalidate: {reason}{(standIn is null ? "" : ", may stand in")}",
            ReuseDecision.Fetch(var reason, var standIn) => $"fetch: {reason}{(standIn is null ? "" : ", may stand in")}",
            ReuseDecision.Complete(_, var missing) => $"complete: {missing.Range}",
            ReuseDecision.Forward(var reason) => $"forward: {reason}",
            ReuseDecision.GatewayTimeout(var reason) => $"gateway timeout: {reason}",
            _ => "?",
        };

    private static CacheEntry Entry(string control, int age, bool hasTag = false) =>
        Some.Entry(hasTag ? [$"Cache-Control: {control}", "ETag: \"1\""] : [$"Cache-Control: {control}"]) with
        {
            InitialAge = TimeSpan.FromSeconds(age),
        };
}
