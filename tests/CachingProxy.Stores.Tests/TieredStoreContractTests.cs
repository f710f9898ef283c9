using CachingProxy.Core.Entries;
using CachingProxy.Core.Lookup;
using CachingProxy.Core.Purging;
using CachingProxy.Core.Stores;
using CachingProxy.Core.Stores.Memory;
using CachingProxy.Sqlite;
using CachingProxy.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace CachingProxy.Stores.Tests;

/// <summary>A memory that keeps next to nothing, so that most is found behind it.</summary>
public class TieredStoreContractTests : CacheStoreContract
{
    private readonly TemporaryFolder _folder = new();
    private SqliteStore _behind = null!;

    public override async ValueTask DisposeAsync()
    {
        await _behind.DisposeAsync();
        _folder.Dispose();
        await base.DisposeAsync();
    }

    protected override ValueTask<ICacheStore> OpenAsync()
    {
        var time = new FakeTimeProvider();
        var log = new InvalidationLog(new SteadyClock(time));
        log.Load(new JournalState(new LogPosition(7, 1), 0, []));
        _behind = SqliteStore.Open(new SqliteStoreOptions { Path = _folder.File("cache.db") }, time, NullLogger<SqliteStore>.Instance);
        return new(new TieredStore(new MemoryStore(new MemoryStoreOptions { MaxBytes = 100_000 }), _behind, log, new SteadyClock(time)));
    }

    protected override Task SettleAsync() => _behind.SettleAsync();
}
