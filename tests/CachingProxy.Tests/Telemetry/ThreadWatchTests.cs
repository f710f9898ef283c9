using CachingProxy.Telemetry;
using CachingProxy.TestKit;

namespace CachingProxy.Tests.Telemetry;

/// <summary>Late timers are counted as stalls.</summary>
public class ThreadWatchTests
{
    [Fact]
    public void ATimerThatComesInTime_IsNoStall_AndALateOneIs()
    {
        var time = new FakeTimeProvider();
        using var watch = new ThreadWatch(time);
        time.Advance(TimeSpan.FromMilliseconds(500));
        time.Advance(TimeSpan.FromMilliseconds(520));
        Assert.Equal(0, watch.Stalls);
        time.Advance(TimeSpan.FromMilliseconds(560));
        Assert.Equal(1, watch.Stalls);
    }
}
