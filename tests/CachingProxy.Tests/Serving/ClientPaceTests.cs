using CachingProxy.Serving;
using CachingProxy.TestKit;

namespace CachingProxy.Tests.Serving;

/// <summary>How the pace of a client is measured.</summary>
public class ClientPaceTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly ClientPace _pace;

    public ClientPaceTests() => _pace = new ClientPace(_time);

    [Fact]
    public void TheRate_IsThatOfTheLastTenSeconds()
    {
        Measure(seconds: 10, bytesASecond: 100);
        Assert.Equal(100, _pace.Rate);
        Measure(seconds: 10, bytesASecond: 5000);
        Assert.Equal(5000, _pace.Rate);
    }

    [Fact]
    public void BeforeTenSeconds_NobodyIsSlow()
    {
        Measure(seconds: 9, bytesASecond: 1);
        Assert.Null(_pace.Rate);
    }

    [Fact]
    public void ASingleByte_EndsAStandstill()
    {
        Measure(seconds: 20, bytesASecond: 0);
        Assert.Equal(TimeSpan.FromSeconds(20), _pace.Standstill);
        Measure(seconds: 1, bytesASecond: 1);
        Assert.Equal(TimeSpan.Zero, _pace.Standstill);
    }

    [Fact]
    public void WhileItIsNotTheClientsTurn_NothingIsHeldAgainstIt()
    {
        Measure(seconds: 20, bytesASecond: 0);
        _pace.Reset();
        Assert.Equal((null, TimeSpan.Zero), (_pace.Rate, _pace.Standstill));
    }

    private ulong _bytes;

    private void Measure(int seconds, ulong bytesASecond)
    {
        for (var i = 0; i < seconds; i++)
        {
            if (_bytes == 0 && i == 0)
            {
                _pace.Measure(_bytes);
            }

            _time.Advance(TimeSpan.FromSeconds(1));
            _pace.Measure(_bytes += bytesASecond);
        }
    }
}
