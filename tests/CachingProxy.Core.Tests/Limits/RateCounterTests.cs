using CachingProxy.Core.Limits;
using CachingProxy.TestKit;
using FsCheck.Fluent;

namespace CachingProxy.Core.Tests.Limits;

/// <summary>Never more in any window than a limit permits, and no fewer than it could.</summary>
public class RateCounterTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task TenThousandAtOnce_ThroughALimitOfAHundred_AreAHundred()
    {
        var counter = new RateCounter(_time);
        RateLimit[] limits = [new(100, TimeSpan.FromMinutes(1))];
        var permitted = 0;
        for (var i = 0; i < 10_000; i++)
        {
            permitted += (await counter.TryTakeAsync("a", limits))!.Value.IsPermitted ? 1 : 0;
        }

        Assert.Equal(100, permitted);
        Assert.True((await counter.TryTakeAsync("b", limits))!.Value.IsPermitted);
    }

    [Fact]
    public void InEveryWindow_ThereAreNeverMoreThanTheLimit_AndTheNextIsPermittedWhenItSays()
    {
        // Steps of the clock in milliseconds between attempts.
        FsCheck.Check.QuickThrowOnFailure(
            Prop.ForAll(
                ArbMap.Default.ArbFor<byte[]>(),
                steps =>
                {
                    var time = new FakeTimeProvider();
                    var counter = new RateCounter(time);
                    RateLimit[] limits = [new(5, TimeSpan.FromMilliseconds(400)), new(2, TimeSpan.FromMilliseconds(100))];
                    var permitted = new List<long>();
                    // The local counter answers at once.
                    RateDecision Take() => counter.TryTakeAsync("a", limits).AsTask().GetAwaiter().GetResult()!.Value;
                    foreach (var step in steps)
                    {
                        time.Advance(TimeSpan.FromMilliseconds(step));
                        var decision = Take();
                        if (!decision.IsPermitted)
                        {
                            time.Advance(decision.RetryAfter);
                            Assert.True(Take().IsPermitted);
                        }

                        permitted.Add(time.GetTimestamp());
                    }

                    foreach (var limit in limits)
                    {
                        for (var i = limit.Count; i < permitted.Count; i++)
                        {
                            Assert.True(permitted[i] - permitted[i - limit.Count] >= limit.Window.Ticks);
                        }
                    }
                }
            )
        );
    }

    [Fact]
    public async Task ADecision_SaysWhatIsLeft_AndWhenThereIsMore()
    {
        var counter = new RateCounter(_time);
        RateLimit[] limits = [new(3, TimeSpan.FromSeconds(60))];
        Assert.Equal(2, (await counter.TryTakeAsync("a", limits))!.Value.Remaining);
        _time.Advance(TimeSpan.FromSeconds(20));
        var second = (await counter.TryTakeAsync("a", limits))!.Value;
        Assert.Equal((1, TimeSpan.FromSeconds(40)), (second.Remaining, second.Reset));
        await counter.TryTakeAsync("a", limits);
        var refused = (await counter.TryTakeAsync("a", limits))!.Value;
        Assert.Equal((false, 0, TimeSpan.FromSeconds(40)), (refused.IsPermitted, refused.Remaining, refused.RetryAfter));
        _time.Advance(TimeSpan.FromSeconds(40));
        Assert.True((await counter.TryTakeAsync("a", limits))!.Value.IsPermitted);
    }

    [Fact]
    public async Task AHold_PermitsNothingUntilItEnds_WithAndWithoutLimits()
    {
        var counter = new RateCounter(_time);
        await counter.HoldAsync("a", TimeSpan.FromSeconds(30));
        await counter.HoldAsync("a", TimeSpan.FromSeconds(10));
        Assert.Equal(TimeSpan.FromSeconds(30), (await counter.TryTakeAsync("a", []))!.Value.RetryAfter);
        Assert.False((await counter.TryTakeAsync("a", [new(9, TimeSpan.FromSeconds(1))]))!.Value.IsPermitted);
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.True((await counter.TryTakeAsync("a", []))!.Value.IsPermitted);
        Assert.Equal(8, (await counter.TryTakeAsync("a", [new(9, TimeSpan.FromSeconds(1))]))!.Value.Remaining);
    }

    [Fact]
    public async Task K11_AMillionKeys_AreNotRememberedAll_AndOneInUseIsNotForgotten()
    {
        var counter = new RateCounter(_time);
        RateLimit[] limits = [new(1, TimeSpan.FromHours(1))];
        await counter.TryTakeAsync("in use", limits);
        for (var i = 0; i < 1_000_000; i++)
        {
            await counter.TryTakeAsync($"{i}", limits);
            if (i % 10_000 == 0)
            {
                Assert.False((await counter.TryTakeAsync("in use", limits))!.Value.IsPermitted);
            }
        }

        Assert.InRange(counter.Keys, 1, RateCounter.MaxKeys);
    }
}
