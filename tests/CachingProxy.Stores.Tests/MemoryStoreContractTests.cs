using CachingProxy.Core.Storing;
using CachingProxy.Core.Storing.Memory;

namespace CachingProxy.Stores.Tests;

public class MemoryStoreContractTests : CacheStoreContract
{
    protected override ValueTask<ICacheStore> OpenAsync() => new(new MemoryStore(new MemoryStoreOptions()));
}
