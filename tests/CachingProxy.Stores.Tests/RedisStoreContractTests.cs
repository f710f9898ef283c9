using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Lookup;
using CachingProxy.Core.Purging;
using CachingProxy.Core.Stores;
using CachingProxy.Core.Stores.Memory;
using CachingProxy.Redis;
using CachingProxy.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace CachingProxy.Stores.Tests;

/// <summary>Behind a memory that keeps nothing, for a purge of everything enumerates nothing in Redis: it is seen by whoever finds what it has ended.</summary>
public class RedisStoreContractTests : CacheStoreContract
{
    private readonly InvalidationLog _log = new(new SteadyClock(TimeProvider.System));
    private RedisServer? _server;
    private RedisStore? _store;

    public override async ValueTask DisposeAsync()
    {
        await (_store?.DisposeAsync() ?? default);
        _server?.Dispose();
        await base.DisposeAsync();
    }

    protected override DateTimeOffset Now { get; } = TimeProvider.System.GetUtcNow();

    protected override LogPosition Position => _log.Position;

    protected override async ValueTask<ICacheStore> OpenAsync()
    {
        Assert.SkipWhen(RedisServer.Missing is not null, RedisServer.Missing ?? "");
        _server = await RedisServer.StartAsync();
        // The limits are those of a test that writes all at once on a machine that is busy.
        var options = new RedisStoreOptions
        {
            Servers = [new("127.0.0.1", _server.Port)],
            Timeout = TimeSpan.FromSeconds(5),
            PurgeTimeout = TimeSpan.FromSeconds(5),
            MaxPendingBytes = 1 << 30,
        };
        _store = new RedisStore(options, TimeProvider.System, NullLogger<RedisStore>.Instance);
        while (!_store.IsAvailable)
        {
            await Task.Yield();
        }

        var memory = new MemoryStore(new MemoryStoreOptions { MaxBytes = 0 });
        await _store.OpenAsync(new PurgeSink(_log, memory, new SearchVariances()));
        return new TieredStore(memory, _store, _log, new SteadyClock(TimeProvider.System));
    }

    protected override async ValueTask ClearAsync() => _log.Apply(Purge.All(), await _store!.AppendAsync(Purge.All()));

    protected override Task SettleAsync() => _store!.SettleAsync();
}
