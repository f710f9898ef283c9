using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Purging;
using CachingProxy.Core.Stores;
using CachingProxy.TestKit;

namespace CachingProxy.Core.Tests.Purging;

public class InvalidationLogTests
{
    [Fact]
    public void APurgeOfAKindThatIsNotKnown_ConcernsEverything()
    {
        var log = new InvalidationLog(new SteadyClock(new FakeTimeProvider()));
        var position = log.Begin();
        log.Append(new Purge((PurgeKind)99, "http://origin.test", "?", IsSoft: false));
        Assert.False(log.IsCurrent(Some.Key(), [], position));
    }

    private readonly FakeTimeProvider _time = new();
    private readonly InvalidationLog _log;

    public InvalidationLogTests() => _log = new InvalidationLog(new SteadyClock(_time));

    public static TheoryData<Purge, string, string[], bool> Matches =>
        new()
        {
            { Purge.All(), "/a", [], true },
            { Purge.Url(Some.Key("/a")), "/a", [], true },
            { Purge.Url(Some.Key("/a")), "/a?q", [], false },
            { Purge.Url(new CacheKey("http://other.test", "/a")), "/a", [], false },
            { Purge.Prefix("http://origin.test", "/a"), "/a", [], true },
            { Purge.Prefix("http://origin.test", "/a/"), "/a/b?q=/c", [], true },
            { Purge.Prefix("http://origin.test", "/a/b"), "/a/b/c/d", [], true },
            { Purge.Prefix("http://origin.test", "/a/b"), "/a/bc", [], false },
            { Purge.Prefix("http://origin.test", "/a/b"), "/a", [], false },
            { Purge.Prefix("http://origin.test", "/a"), "/x?/a", [], false },
            { Purge.Prefix("http://origin.test", "/"), "/anything", [], true },
            { Purge.Prefix("http://other.test", "/"), "/anything", [], false },
            { Purge.Tag("", "t"), "/a", ["s", "t"], true },
            { Purge.Tag("http://origin.test", "t"), "/a", ["t"], true },
            { Purge.Tag("http://other.test", "t"), "/a", ["t"], false },
            { Purge.Tag("", "t"), "/a", ["T"], false },
            { Purge.Tag("", "t"), "/a", [], false },
        };

    [Theory]
    [MemberData(nameof(Matches))]
    public void APurge_EndsWhatMatchesAndBeganBefore_AndNothingElse(Purge purge, string target, string[] tags, bool isGone)
    {
        var before = _log.Begin();
        _log.Append(purge);
        var after = _log.Begin();
        Assert.Equal(isGone ? Validity.Gone : Validity.Current, _log.Check(Some.Key(target), tags, before, out _));
        Assert.Equal(Validity.Current, _log.Check(Some.Key(target), tags, after, out _));
    }

    [Theory]
    [MemberData(nameof(Matches))]
    public void ASoftPurge_MakesStaleWhatMatches_SinceItsMoment(Purge purge, string target, string[] tags, bool isStale)
    {
        var before = _log.Begin();
        _time.Advance(TimeSpan.FromSeconds(7));
        _log.Append(purge with { IsSoft = true });
        _time.Advance(TimeSpan.FromSeconds(7));
        Assert.Equal(isStale ? Validity.Stale : Validity.Current, _log.Check(Some.Key(target), tags, before, out var since));
        Assert.Equal(isStale ? FakeTimeProvider.Start.AddSeconds(7) : default, since);
    }

    [Fact]
    public void ALookThatBegan_BeforeWhatAPurgeEndedWasRemoved_StillSeesThePurge_AfterItWasLetGo()
    {
        var stored = _log.Position;
        var held = _log.Begin();
        _log.Append(Purge.Url(Some.Key()));
        var look = _log.BeginLook();
        _log.End(held);
        Assert.Equal(Validity.Gone, _log.Check(Some.Key(), [], stored, out _));
        _log.End(look);
        Assert.Equal(0, _log.RememberedUrls);
    }

    [Fact]
    public void AHardPurge_CountsMoreThanASoftOneAfterIt()
    {
        var before = _log.Begin();
        _log.Append(Purge.Tag("", "t"));
        var between = _log.Begin();
        _log.Append(Purge.All(isSoft: true));
        Assert.Equal(Validity.Gone, _log.Check(Some.Key(), ["t"], before, out _));
        Assert.Equal(Validity.Stale, _log.Check(Some.Key(), ["t"], between, out _));
    }

    [Fact]
    public void WhatWasFetchedInAnotherEpoch_IsGone()
    {
        var before = _log.Begin();
        Assert.Equal(Validity.Gone, _log.Check(Some.Key(), [], before with { Epoch = before.Epoch + 1 }, out _));
        _log.Load(new JournalState(new LogPosition(before.Epoch + 1, 5), 0, []));
        Assert.Equal(Validity.Gone, _log.Check(Some.Key(), [], before, out _));
        Assert.Equal(Validity.Current, _log.Check(Some.Key(), [], _log.Begin(), out _));
    }

    [Fact]
    public void WhatAJournalKnows_HoldsAsItDidBefore()
    {
        _log.Load(
            new JournalState(
                new LogPosition(7, 10),
                3,
                [(5, FakeTimeProvider.Start, Purge.Tag("", "t")), (8, FakeTimeProvider.Start, Purge.All(isSoft: true))]
            )
        );
        Assert.Equal(Validity.Gone, _log.Check(Some.Key(), ["t"], new LogPosition(7, 4), out _));
        Assert.Equal(Validity.Stale, _log.Check(Some.Key(), ["t"], new LogPosition(7, 5), out _));
        Assert.Equal(Validity.Current, _log.Check(Some.Key(), ["t"], new LogPosition(7, 8), out _));
        Assert.Equal(Validity.Gone, _log.Check(Some.Key(), [], new LogPosition(7, 2), out _));
        Assert.Equal(11, _log.Append(Purge.All()).Number);
    }

    [Fact]
    public void RecordsOfUrls_LiveOnlyAsLongAsTheFetchesTheyConcern()
    {
        var fetch = _log.Begin();
        for (var number = 0; number < 1000; number++)
        {
            _log.Append(Purge.Url(Some.Key($"/{number}")));
        }

        Assert.Equal(1000, _log.RememberedUrls);
        _log.End(fetch);
        Assert.Equal((0, 0), (_log.RememberedUrls, _log.UnderWay));
    }

    [Fact]
    public void OtherRecords_AreBounded_AndWhatIsOlderThanTheForgottenOnesIsGone()
    {
        var old = _log.Begin();
        _log.Append(Purge.Tag("", "first"));
        var young = _log.Begin();
        for (var number = 0; number < InvalidationLog.MaxRemembered; number++)
        {
            _log.Append(Purge.Tag("", $"{number}"));
        }

        Assert.Equal(InvalidationLog.MaxRemembered, _log.Remembered);
        Assert.Equal(Validity.Gone, _log.Check(Some.Key(), [], old, out _));
        Assert.Equal(Validity.Current, _log.Check(Some.Key(), [], young, out _));
    }

    [Fact]
    public void ATagThatIsPurgedAgainAndAgain_IsRememberedByItsLastPurge()
    {
        for (var number = 0; number < InvalidationLog.MaxRemembered + 10; number++)
        {
            _log.Append(Purge.Tag("", "same"));
        }

        var after = _log.Begin();
        Assert.Equal(Validity.Current, _log.Check(Some.Key(), ["same"], after, out _));
        Assert.Equal(Validity.Gone, _log.Check(Some.Key(), ["same"], after with { Number = after.Number - 1 }, out _));
    }

    [Fact]
    public void ATagThatIsPurgedAgainAndAgain_DoesNotPushOutWhatElseWasPurged()
    {
        _log.Append(Purge.Tag("", "other"));
        var young = _log.Begin();
        for (var number = 0; number < (2 * InvalidationLog.MaxRemembered) + 10; number++)
        {
            _log.Append(Purge.Tag("", "same"));
        }

        Assert.Equal(2, _log.Remembered);
        Assert.Equal(Validity.Current, _log.Check(Some.Key(), ["other"], young, out _));
        Assert.Equal(Validity.Gone, _log.Check(Some.Key(), ["other"], young with { Number = young.Number - 1 }, out _));
    }
}
