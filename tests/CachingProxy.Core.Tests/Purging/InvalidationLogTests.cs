using CachingProxy.Core.Purging;
using CachingProxy.TestKit;

namespace CachingProxy.Core.Tests.Purging;

public class InvalidationLogTests
{
    [Fact]
    public void APurge_EndsWhatBeganBeforeIt_AndNotWhatBeganAfter()
    {
        var log = new InvalidationLog();
        var before = log.Begin();
        log.PurgeUrl(Some.Key());
        var after = log.Begin();
        Assert.False(log.IsCurrent(Some.Key(), before));
        Assert.True(log.IsCurrent(Some.Key(), after));
        Assert.True(log.IsCurrent(Some.Key("/other"), before));
    }

    [Fact]
    public void PurgingEverything_EndsAllThatBeganBefore()
    {
        var log = new InvalidationLog();
        var before = log.Begin();
        log.PurgeAll();
        Assert.False(log.IsCurrent(Some.Key(), before));
        Assert.True(log.IsCurrent(Some.Key(), log.Begin()));
    }

    [Fact]
    public void RecordsOfUrls_LiveOnlyAsLongAsTheFetchesTheyConcern()
    {
        var log = new InvalidationLog();
        var fetch = log.Begin();
        for (var number = 0; number < 1000; number++)
        {
            log.PurgeUrl(Some.Key($"/{number}"));
        }

        Assert.Equal(1000, log.RememberedUrls);
        log.End(fetch);
        Assert.Equal(0, log.RememberedUrls);
    }
}
