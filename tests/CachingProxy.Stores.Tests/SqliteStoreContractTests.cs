using CachingProxy.Core.Stores;
using CachingProxy.Sqlite;
using CachingProxy.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace CachingProxy.Stores.Tests;

public class SqliteStoreContractTests : CacheStoreContract
{
    private readonly TemporaryFolder _folder = new();
    private SqliteStore _store = null!;

    public override async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        _folder.Dispose();
        await base.DisposeAsync();
    }

    protected override ValueTask<ICacheStore> OpenAsync()
    {
        _store = SqliteStore.Open(
            new SqliteStoreOptions { Path = _folder.File("cache.db") },
            new FakeTimeProvider(),
            NullLogger<SqliteStore>.Instance
        );
        return new(_store);
    }

    protected override Task SettleAsync() => _store.SettleAsync();
}
