using CachingProxy.Core.Fetching;
using CachingProxy.Core.Keys;
using CachingProxy.TestKit;

namespace CachingProxy.Core.Tests.Fetching;

/// <summary>What nobody waits for is remembered for its time, and not longer.</summary>
public class HitForMissTests
{
    private static readonly CachePartition Partition = new("forwarded/respect", "http", "proxy.test");
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly HitForMiss _known = new();
    private DateTimeOffset _now = FakeTimeProvider.Start;

    [Fact]
    public void WhatNobodyAsksForAgain_IsForgotten_WhenItsTimeIsOver()
    {
        for (var minute = 0; minute < 20; minute++)
        {
            for (var number = 0; number < 500; number++)
            {
                _known.Remember(Some.Key($"/{minute}/{number}"), Partition, _now, Minute, isTooLarge: false);
            }

            _now += Minute;
        }

        Assert.InRange(_known.Remembered, 1, 1001);
    }

    [Fact]
    public void NeverMuchMoreAreRemembered_ThanMayBe()
    {
        var most = 0;
        for (var number = 0; number < HitForMiss.MaxRemembered * 3; number++)
        {
            _known.Remember(Some.Key($"/{number}"), Partition, _now, Minute, isTooLarge: false);
            most = number % 10_000 == 0 ? Math.Max(most, _known.Remembered) : most;
        }

        Assert.InRange(most, HitForMiss.MaxRemembered / 2, HitForMiss.MaxRemembered + 1000);
    }

    [Fact]
    public void ATooLargeOne_IsKnownToBe_UntilItsTimeIsOver()
    {
        _known.Remember(Some.Key(), Partition, _now, Minute, isTooLarge: true);
        Assert.True(_known.IsTooLarge(Some.Key(), Partition, _now));
        Assert.False(_known.IsTooLarge(Some.Key(), Partition, _now + Minute));
    }
}
