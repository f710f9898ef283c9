using CachingProxy.Core.Stores;
using CachingProxy.Core.Stores.Memory;

namespace CachingProxy.Stores.Tests;

public class MemoryStoreContractTests : CacheStoreContract
{
    protected override ValueTask<ICacheStore> OpenAsync() => new(new MemoryStore(new MemoryStoreOptions()));
}
