using CachingProxy.Core.Keys;
using CachingProxy.Core.Messages;

namespace CachingProxy.Redis;

/// <summary>Content in Redis.</summary>
internal sealed class RedisBody(RedisStore store, CacheKey key, long serial, long length) : ChunkedBody(length, RedisStore.ChunkBytes)
{
    /// <inheritdoc/>
    protected override ValueTask<byte[]?> ReadChunkAsync(int number) => store.ReadChunkAsync(key, serial, number);
}
