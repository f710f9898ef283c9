using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using CachingProxy.TestKit;
using FsCheck;
using FsCheck.Fluent;

namespace CachingProxy.Core.Tests.Oracle;

/// <summary>On generated requests, responses and clocks, the cache does what the letter of RFC 9111 permits, no more and no less.</summary>
public class Rfc9111Properties
{
    private static readonly Config Thorough = Config.QuickThrowOnFailure.WithMaxTest(5000).WithQuietOnSuccess(true);

    [Fact]
    public void WhatIsServedWithoutValidation_IsWhatTheLetterPermits() =>
        Prop.ForAll(
                Cases.ToArbitrary(),
                item =>
                {
                    var (exchange, isHit, wasStored, now) = Run(item);
                    var isPermitted = Rfc9111.MayReuse(exchange, item.SecondRequest, now);
                    return (!isHit || isPermitted)
                        .Label($"It was served, and may not be.")
                        .And((isHit || !isPermitted || !wasStored).Label($"It is stored and may be served, and was not."))
                        .And((wasStored || !IsWorthStoring(exchange)).Label("It may be stored and reused, and was not stored."));
                }
            )
            .Check(Thorough);

    [Fact]
    public void WhatIsNotStorable_IsNeverServedAgain() =>
        Prop.ForAll(
                Cases.ToArbitrary(),
                item =>
                {
                    var (exchange, isHit, wasStored, _) = Run(item);
                    return (Rfc9111.MayStore(exchange) || (!wasStored && !isHit)).ToProperty();
                }
            )
            .Check(Thorough);

    // Nobody has to store what could never be reused.
    private static bool IsWorthStoring(Rfc9111.Exchange exchange) =>
        Rfc9111.MayStore(exchange) && Rfc9111.Lifetime(exchange) > 0 && exchange.Response["Vary"] != "*";

    private static (Rfc9111.Exchange Exchange, bool IsHit, bool WasStored, DateTimeOffset Now) Run(Case item)
    {
        var engine = new TestEngine();
        var origin = new ScriptedOrigin(request =>
        {
            engine.Time.Advance(TimeSpan.FromSeconds(item.ResponseDelay));
            return new OriginResponse(item.Status, item.Response, new MemoryStream("body"u8.ToArray())) { ContentLength = 4 };
        });
        var face = Some.Face(origin, new CachePolicy { TimeToLive = TimeSpan.Zero });
        var requestTime = engine.Time.GetUtcNow();
        var first = engine.ServeAsync(Some.Request(face, "/x", "GET", Lines(item.FirstRequest))).GetAwaiter().GetResult().Result;
        engine.SettleAsync().GetAwaiter().GetResult();
        var exchange = new Rfc9111.Exchange(item.FirstRequest, item.Status, item.Response, requestTime, engine.Time.GetUtcNow());
        engine.Time.Advance(TimeSpan.FromSeconds(item.Wait));
        var now = engine.Time.GetUtcNow();
        var second = engine.ServeAsync(Some.Request(face, "/x", "GET", Lines(item.SecondRequest))).GetAwaiter().GetResult().Result;
        return (exchange, second.CacheStatus.IsHit, first.CacheStatus.IsStored, now);
    }

    private static string[] Lines(FieldList fields) => [.. fields.Select(field => $"{field.Key}: {field.Value}")];

    private static Gen<Case> Cases { get; } =
        from status in Gen.Elements(200, 200, 200, 203, 302, 404, 500, 299)
        from control in Directives(
            "no-store",
            "no-cache",
            "private",
            "public",
            "must-revalidate",
            "proxy-revalidate",
            "must-understand",
            "immutable",
            "max-age=0",
            "max-age=10",
            "max-age=60",
            "max-age=x",
            "s-maxage=10",
            "s-maxage=0",
            "stale-while-revalidate=5",
            "unknown=1"
        )
        from age in Field("Age", "0", "5", "x", "5, 60", "-1")
        from date in Field("Date", At(0), At(-5), At(100), "yesterday")
        from expires in Field("Expires", At(10), At(60), At(-10), "0")
        from modified in Field("Last-Modified", At(-100), At(-1000), At(100))
        from tag in Field("ETag", "\"1\"")
        from vary in Field("Vary", "X-A", "*", "X-A, X-B")
        from firstRequest in Request
        from secondRequest in Request
        from delay in Gen.Elements(0, 0, 2, 5)
        from wait in Gen.Elements(0, 1, 5, 8, 10, 15, 60, 100)
        select new Case(
            status,
            Some.Fields([.. control, .. age, .. date, .. expires, .. modified, .. tag, .. vary]),
            firstRequest,
            secondRequest,
            delay,
            wait
        );

    private static Gen<FieldList> Request =>
        from control in Directives("no-cache", "no-store", "max-age=0", "max-age=5", "min-fresh=5", "max-stale", "max-stale=5")
        from pragma in Field("Pragma", "no-cache", "x")
        from authorization in Field("Authorization", "Basic YTpi")
        from a in Field("X-A", "1", "2")
        from b in Field("X-B", "1")
        select Some.Fields([.. control, .. pragma, .. authorization, .. a, .. b]);

    // No directive twice: what several values mean is left open by RFC 9111 §4.2.1, and is tested by name.
    private static Gen<string[]> Directives(params string[] all) =>
        from chosen in Gen.SubListOf(all)
        from isThere in Gen.Frequency((3, Gen.Constant(true)), (1, Gen.Constant(false)))
        let distinct = chosen.Take(3).DistinctBy(directive => directive.Split('=')[0]).ToList()
        select isThere && distinct.Count > 0 ? new[] { $"Cache-Control: {string.Join(", ", distinct)}" } : [];

    private static Gen<string[]> Field(string name, params string[] values) =>
        Gen.Frequency(
            (values.Length + 2, Gen.Constant(Array.Empty<string>())),
            (values.Length, Gen.Elements(values).Select(value => new[] { $"{name}: {value}" }))
        );

    private static string At(int seconds) =>
        FakeTimeProvider.Start.AddSeconds(seconds).ToString("R", System.Globalization.CultureInfo.InvariantCulture);

    private sealed record Case(int Status, FieldList Response, FieldList FirstRequest, FieldList SecondRequest, int ResponseDelay, int Wait)
    {
        public override string ToString() =>
            $"{string.Join("; ", Lines(FirstRequest))} -> {Status} {string.Join("; ", Lines(Response))} (after {ResponseDelay} s), then after {Wait} s: {string.Join("; ", Lines(SecondRequest))}";
    }
}
